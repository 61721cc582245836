import type { DesiredKey, DesiredState } from '../../../src/model/desired.ts'
import { type Instant, hour } from '../../../src/model/duration.ts'
import { shortHash } from '../../../src/model/hash.ts'
import type { Lifetime } from '../../../src/model/lifetime.ts'
import type { FormerStore, FormerStores } from '../../../src/model/removal.ts'
import { type DeclaredStore, type StoreSpec, storeLabel } from '../../../src/model/store.ts'
import { desiredKey, desiredState } from '../build.ts'
import { type KeySettings, type Rules, type StoreKind, storeKinds } from './steps.ts'

/** What is declared under one key id. */
interface Block {
  readonly settings: KeySettings
  readonly previously: string | null
}

/** The files of one stack, as its team last saved them. */
export interface Configuration {
  stack: string
  /** Names that the stack had, as far as `formerly` says so, and those that it does not name. */
  formerly: readonly string[]
  forgotten: readonly string[]
  readonly blocks: Map<string, Block>
  rules: Rules
  /** What `desiredOfStack` made of it; null since it was changed. */
  read: DesiredState | null
}

export function openConfiguration(stack: string): Configuration {
  return {
    stack,
    formerly: [],
    forgotten: [],
    blocks: new Map(),
    rules: { removed: 'revoke', unmanaged: 'report', unused: null, keep: [], always: 2 },
    read: null,
  }
}

/** The name under which a key's secrets are stored outlives a rename: `a`, renamed, is `ax`, and `acme`, renamed, is `acme-2`. */
const placeName = (stack: string, keyId: string) =>
  `${stack.replace(/-\d+$/, '')}/${keyId.replace(/x+$/, '')}`

function specOf(kind: StoreKind, place: string): StoreSpec {
  switch (kind) {
    case 'keychain':
      return { kind, service: 'fluxloop', account: place, fallback: null }
    case 'env-file':
      return { kind, path: `/srv/${place}.env`, name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' }
    case 'shared':
      return {
        kind: 'age-file',
        declaredIn: '/srv',
        path: `/repo/${place}.age`,
        recipients: [],
        identity: '/home/me/identity.txt',
        shared: true,
      }
    case 'sealed':
      return {
        kind: 'age-file',
        declaredIn: '/srv',
        path: `/repo/${place}.sealed`,
        recipients: ['age1example'],
        identity: null,
        shared: true,
      }
  }
}

function storeOf(kind: StoreKind, place: string): DeclaredStore {
  return { spec: specOf(kind, place), hash: shortHash(`${kind} ${place}`, 6) }
}

/** Keychain and env file are one machine's; the age files are in a repository. */
export function isLocal(spec: StoreSpec): boolean {
  return spec.kind !== 'age-file'
}

export function kindOf(spec: StoreSpec): StoreKind {
  if (spec.kind === 'keychain' || spec.kind === 'env-file') return spec.kind
  return spec.kind === 'age-file' && spec.identity !== null ? 'shared' : 'sealed'
}

function lifetimeOf(expires: KeySettings['expires'], start: Instant): Lifetime {
  if (expires === 'never') return { kind: 'never' }
  return 'every' in expires
    ? { kind: 'period', length: expires.every * hour }
    : { kind: 'until', at: start + expires.until * hour }
}

function desiredOf(
  stack: string,
  keyId: string,
  { settings, previously }: Block,
  start: Instant,
): DesiredKey {
  const { maxAge, grace, quiet, strategy, stores, expires, ...rest } = settings
  const lifetime = lifetimeOf(expires, start)
  const tenth = lifetime.kind === 'period' ? lifetime.length / 10 : 0
  return desiredKey({
    ...rest,
    keyId,
    previously,
    expires: lifetime,
    rotation: {
      strategy,
      maxAge: maxAge === null ? null : maxAge * hour,
      grace: grace * hour,
      quiet: quiet * hour,
      renewBefore: Math.max(tenth, grace * hour),
    },
    stores: stores.map(kind => storeOf(kind, placeName(stack, keyId))),
  })
}

/** What `config/` would make of the files. `start`: when the history began. */
export function desiredOfStack(configuration: Configuration, start: Instant): DesiredState {
  configuration.read ??= resolve(configuration, start)
  return configuration.read
}

function resolve({ stack, formerly, blocks, rules }: Configuration, start: Instant): DesiredState {
  const { removed, unmanaged, unused, keep, always } = rules
  return desiredState(
    [...blocks]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([keyId, block]) => desiredOf(stack, keyId, block, start)),
    {
      stack,
      formerly,
      limits: { revoke: 0.25, rotate: 0.25, always },
      prune: {
        removed,
        releaseStack: false,
        unmanaged,
        unused: unused === null ? null : { after: unused.hours * hour, action: unused.action },
        keep,
        quiet: 24 * hour,
      },
    },
  )
}

/** What a search of the configuration finds of the stores that blocks lost. */
export function formerStoresOf(
  desired: DesiredState,
  lost: ReadonlyMap<string, readonly string[]>,
): FormerStores {
  const declared = new Set(desired.keys.flatMap(({ stores }) => stores.map(({ spec }) => storeLabel(spec))))
  const found = [...lost].map(([keyId, hashes]) => {
    const place = placeName(desired.stack, keyId)
    const former = storeKinds
      .map(kind => storeOf(kind, place))
      .filter(({ hash }) => hashes.includes(hash))
      .map(({ hash, spec }): FormerStore => {
        const free = declared.has(storeLabel(spec)) ? null : spec
        return { hash, spec, free, local: isLocal(spec) }
      })
    return [keyId, former] as const
  })
  return new Map(found)
}

/** The nth declared key id, counted around; null where there is none. */
export function nthKey({ blocks }: Configuration, nth: number): string | null {
  const keyIds = [...blocks.keys()].sort()
  return keyIds[nth % keyIds.length] ?? null
}

/** A key id that is another's former one is not declared anew: `config/` refuses that. */
export function declare({ blocks }: Configuration, keyId: string, settings: KeySettings): void {
  const former = [...blocks.values()].some(({ previously }) => previously === keyId)
  if (!former && !blocks.has(keyId)) blocks.set(keyId, { settings, previously: null })
}

export function rename({ blocks }: Configuration, keyId: string): void {
  const block = blocks.get(keyId)
  if (block === undefined || block.previously !== null) return
  blocks.delete(keyId)
  blocks.set(`${keyId}x`, { ...block, previously: keyId })
}

/** The stack gets another name, which says what it was called or forgets to. */
export function renameStack(configuration: Configuration, forgets: boolean): void {
  const { stack, formerly, forgotten } = configuration
  const number = formerly.length + forgotten.length + 2
  configuration.stack = `${stack.replace(/-\d+$/, '')}-${number}`
  if (forgets) configuration.forgotten = [...forgotten, stack]
  else configuration.formerly = [...formerly, stack]
}

/** Somebody names all that the stack was called. */
export function rememberStacks(configuration: Configuration): void {
  configuration.formerly = [...configuration.formerly, ...configuration.forgotten]
  configuration.forgotten = []
}
