import { posix, resolve } from 'node:path'
import type { Path } from '../../../src/config/read-yaml.ts'
import { suggestion } from '../../../src/config/suggestion.ts'
import type { FleetAccount, FleetStack, StackSource } from './fleet.ts'
import { isRevision, refuseGitUrl } from './git-source.ts'
import type { RawGit, RawStack } from './raw-fleet.ts'
import type { FleetDocument } from './read-document.ts'
import { type Settings, jitterOf, resolveSettings } from './resolve-settings.ts'

export interface StackContext {
  readonly document: FleetDocument
  /** Null: the names are not known. */
  readonly accounts: ReadonlyMap<string, FleetAccount | null> | null
  readonly defaults: Settings
  /** The variables in which the fleet has its own secrets. */
  readonly secrets: ReadonlySet<string>
}

/** A stack that is about to be one, and where its entry stands. */
export interface DeclaredStack {
  readonly stack: FleetStack
  readonly path: Path
}

/** A relative path below a folder, without what changes nothing; null where it leads out of it. */
export function pathBelow(text: string): string | null {
  const parts = text.split('/')
  if (text.startsWith('/') || text.startsWith('~') || text.includes('\\') || parts.includes('..')) return null
  return posix.normalize(text).replace(/(?<=.)\/$/, '')
}

/** The account of a stack; null where it is reported, or wrong itself. `path`: of the entry that needs one. */
export function accountOf(settings: Settings, path: Path, context: StackContext): FleetAccount | null {
  const { accounts, document } = context
  if (accounts === null) return null
  const { account } = settings
  const names = [...accounts.keys()]
  if (account === null) {
    if (names.length === 1) return accounts.get(names[0] ?? '') ?? null
    const message = 'The stack names no account, and the file declares several'
    const hint = `Give it \`account\`, or set one in \`defaults\`. ${suggestion('', names) ?? ''}`.trim()
    document.report(path, { code: 'missing-property', message, hint, onKey: true })
    return null
  }
  const found = accounts.get(account.name)
  if (found === undefined) {
    const message = `There is no account "${account.name}"`
    const hint = suggestion(account.name, names)
    document.report(account.path, { code: 'unknown-value', message, hint })
  }
  return found ?? null
}

function resolveGit(raw: RawGit, path: Path, { report }: FleetDocument): StackSource | null {
  const refusal = refuseGitUrl(raw.url)
  if (refusal !== null) report([...path, 'url'], { code: 'bad-value', ...refusal })
  const named = isRevision(raw.revision)
  if (!named) {
    const message = 'The revision is not the name of a branch, a tag or a commit'
    const hint = 'Write a name such as main, refs/tags/v1, or all digits of a commit.'
    report([...path, 'revision'], { code: 'bad-value', message, hint })
  }
  const inside = pathBelow(raw.path ?? '.')
  if (inside === null) {
    const message = 'The path leads out of the repository'
    report([...path, 'path'], {
      code: 'bad-value',
      message,
      hint: 'Write a path from the root of the repository.',
    })
  }
  if (refusal !== null || !named || inside === null) return null
  return { kind: 'git', url: raw.url, revision: raw.revision, path: inside }
}

function resolveSource(raw: RawStack, path: Path, document: FleetDocument): StackSource | null {
  if (raw.git !== undefined) return resolveGit(raw.git, [...path, 'git'], document)
  return { kind: 'folder', path: resolve(document.source.folder, raw.folder ?? '.') }
}

function resolveConfig(config: readonly string[], path: Path, { report }: FleetDocument): readonly string[] {
  return config.flatMap((text, index) => {
    const inside = pathBelow(text)
    if (inside !== null) return [inside]
    const message = 'The path leads out of the folder of the stack'
    report([...path, index], { code: 'bad-value', message, hint: 'Write a path from that folder.' })
    return []
  })
}

/** What the settings and the source make of a stack; null where something of it is wrong, which is reported. */
export function makeStack(
  parts: { readonly name: string; readonly source: StackSource; readonly config: readonly string[] },
  settings: Settings,
  path: Path,
  context: StackContext,
): FleetStack | null {
  const account = accountOf(settings, path, context)
  if (account === null) return null
  const { mode, interval, windows, priority, owner, programs, variables } = settings
  const jitter = jitterOf(settings.jitter, interval)
  return { ...parts, account, mode, interval, jitter, windows, priority, owner, programs, variables }
}

/** The stacks that the file lists. */
export function resolveStacks(context: StackContext): readonly DeclaredStack[] {
  const { document, defaults, secrets } = context
  const { stacks = [] } = document.raw
  if (!document.isValidAt(['stacks'])) return []
  const names = new Map<string, Path>()
  return stacks.flatMap((raw, index): readonly DeclaredStack[] => {
    const path = ['stacks', index]
    if (!document.isValidAt(path)) return []
    const first = names.get(raw.name)
    if (first === undefined) names.set(raw.name, [...path, 'name'])
    else {
      const message = `There is another stack "${raw.name}"`
      const hint = 'Give one of them another name.'
      document.report([...path, 'name'], { code: 'bad-value', message, hint }, [document.placeOf(first)])
    }
    const settings = resolveSettings(raw, path, defaults, document, secrets)
    const source = resolveSource(raw, path, document)
    const config = resolveConfig(raw.config ?? [], [...path, 'config'], document)
    if (source === null) return []
    const stack = makeStack({ name: raw.name, source, config }, settings, path, context)
    return stack === null ? [] : [{ stack, path: [...path, 'name'] }]
  })
}
