import { resolve } from 'node:path'
import { homeFolder } from '../files/home.ts'

/** What placeholders stand for. */
export interface Names {
  readonly stack: string
  readonly key: string
  /** What the platform shows; only commands and presets know it. */
  readonly name: string
  /** Empty where the key has none; only commands and presets know it. */
  readonly environment: string
  /** The key id before it was renamed. */
  readonly formerly?: string | undefined
  /** The first name that the stack had before it was renamed. */
  readonly formerStack?: string | undefined
}

type Placeholder = Exclude<keyof Names, 'formerly' | 'formerStack'>

/** What a path or a name may hold. */
export const commonPlaceholders: readonly Placeholder[] = ['stack', 'key']
/** What a command or a preset may hold. */
export const allPlaceholders: readonly Placeholder[] = ['stack', 'key', 'name', 'environment']

const placeholder = /\{([^{}]*)\}/g
/** Commands have braces of their own, as in `jsonpath={.data}`. */
const word = /^[a-z]+$/

const none: readonly string[] = []

/** The placeholders of `text` that stand for nothing. After a dollar they are variables of a shell: `checkShellVariables` reports those. */
export function unknownPlaceholders(
  text: string,
  known: readonly string[] = commonPlaceholders,
): readonly string[] {
  if (!text.replaceAll('{stack}', '').replaceAll('{key}', '').includes('{')) return none
  const wide = known.length > commonPlaceholders.length
  return [...text.matchAll(placeholder)]
    .filter(({ index }) => text[index - 1] !== '$')
    .map(match => match[1] ?? '')
    .filter(name => !known.includes(name) && (!wide || word.test(name)))
}

function isPlaceholder(name: string): name is Placeholder {
  return allPlaceholders.some(known => known === name)
}

export function fillIn(text: string, names: Names): string {
  if (!text.includes('{')) return text
  return text.replaceAll(placeholder, (whole, name: string) => (isPlaceholder(name) ? names[name] : whole))
}

/** Names of variables know no hyphens: `{key}` of `ci-pipeline` is `CI_PIPELINE` there. */
export function fillInVariable(text: string, names: Names): string {
  if (!text.includes('{')) return text
  const variable = (name: string) => name.toUpperCase().replace(/[^A-Z0-9_]+/g, '_')
  return fillIn(text, {
    stack: variable(names.stack),
    key: variable(names.key),
    name: variable(names.name),
    environment: variable(names.environment),
  })
}

/** An absolute path; relative ones count from `folder`, `~/` from the home. */
export function absolutePath(path: string, folder: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homeFolder(), path.slice(2)) : resolve(folder, path)
}

/** The same with placeholders; `folder` is that of the file that declares the path. */
export function fillInPath(text: string, names: Names, folder: string): string {
  return absolutePath(fillIn(text, names), folder)
}
