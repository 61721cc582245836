import { homedir } from 'node:os'
import { resolve } from 'node:path'

/** What `{stack}` and `{key}` stand for. */
export interface Names {
  readonly stack: string
  readonly key: string
  /** The key id before it was renamed. */
  readonly formerly?: string | undefined
}

const placeholder = /\{([^{}]*)\}/g

/** The placeholders of `text` that stand for nothing. */
export function unknownPlaceholders(text: string): string[] {
  if (!text.includes('{')) return []
  return [...text.matchAll(placeholder)]
    .map(match => match[1] ?? '')
    .filter(name => name !== 'stack' && name !== 'key')
}

export function fillIn(text: string, names: Names): string {
  if (!text.includes('{')) return text
  return text.replaceAll(placeholder, (whole, name: string) =>
    name === 'stack' ? names.stack : name === 'key' ? names.key : whole,
  )
}

/** Names of variables know no hyphens: `{key}` of `ci-pipeline` is `CI_PIPELINE` there. */
export function fillInVariable(text: string, names: Names): string {
  const variable = (name: string) => name.toUpperCase().replaceAll('-', '_')
  return fillIn(text, { stack: variable(names.stack), key: variable(names.key) })
}

/** An absolute path; relative ones count from `folder`, `~/` from the home. */
export function absolutePath(path: string, folder: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path)
}

/** The same with placeholders; `folder` is that of the file that declares the path. */
export function fillInPath(text: string, names: Names, folder: string): string {
  return absolutePath(fillIn(text, names), folder)
}
