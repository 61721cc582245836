import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import { type LiveKey, endsAgree, visibleEnd } from '../../../src/model/live-key.ts'
import type { Outcome } from '../../../src/model/outcome.ts'
import { Secret } from '../../../src/model/secret.ts'
import { type StoreSpec, storeLabel } from '../../../src/model/store.ts'
import type { PlatformPort } from '../model-platform.ts'
import { type Configuration, isLocal, openConfiguration } from './history-configuration.ts'
import type { Site } from './sites.ts'

/** A platform to play on. */
export interface Backend {
  /** The server's clock. */
  now: Instant
  /** A person, who may do everything. */
  readonly person: Secret
  clientAs(credential: Secret, userAgent: string): PlatformPort
  /** Every live key, seen without leaving a trace. */
  inspect(): Promise<readonly LiveKey[]>
  close(): Promise<void>
}

/**
 * Why a secret works no more; `pruned`: a run revoked it as an unmanaged key, after somebody had wiped its marker; `abandoned`: nobody
 * finished its key for a day, nor used it.
 */
export type Death = 'people' | 'in place' | 'pruned' | 'abandoned' | 'revoked'

export type Deeds = Extract<Outcome, { status: 'done' }>['action']

/** Everything of a history that is not on the platform. Secrets are texts here, since they are only compared. */
export interface HistoryWorld {
  readonly backend: Backend
  readonly start: Instant
  /** How far the clocks of this history are wrong, added up: promises of time hold but for that. */
  slack: Milliseconds
  readonly configurations: readonly Configuration[]
  /** What each place holds, by `placeOf`. */
  readonly places: Map<string, string>
  /**
   * Places that a run emptied, since their store had left its declaration, until a secret is put there again. Where the run was
   * killed before the marker forgot the store, and the store is declared again, nobody knows: `verify` finds it.
   */
  readonly emptied: Set<string>
  /** The live key that a secret was made for. */
  readonly issued: Map<string, string>
  readonly deaths: Map<string, Death>
  /** When a consumer last called with a secret of a live key: what the platform shows may be a later look of our own. */
  readonly uses: Map<string, Instant>
  /** When a secret left the last place that it was in, and the grace that was declared then. */
  readonly replaced: Map<string, { readonly at: Instant; readonly grace: Milliseconds }>
  /** Secrets that consumers have read and kept. */
  readonly kept: Set<string>
  /** The first promise that was broken; a failure inside a run is only an outcome there. */
  broken: string | null
  /** How many keys runs have made, and how many there were reasons to make. */
  made: number
  needed: number
  /** How often each action came to its end: what was done to keys. */
  readonly deeds: Map<Deeds, number>
  /** What happened, for people. */
  readonly trace: string[]
  nonces: number
  /** The keys whose secrets Mallory has, with those. */
  readonly hers: Map<string, string>
  /** What the places held when somebody made a backup; null where nobody did. */
  backup: ReadonlyMap<string, string> | null
  /** Places that were put back from it, until a secret is put there again. */
  readonly restored: Set<string>
}

export const stacks = ['acme-agents', 'other-team'] as const

export function openHistoryWorld(backend: Backend): HistoryWorld {
  return {
    backend,
    start: backend.now,
    slack: 0,
    configurations: stacks.map(openConfiguration),
    places: new Map(),
    emptied: new Set(),
    issued: new Map(),
    deaths: new Map(),
    uses: new Map(),
    replaced: new Map(),
    kept: new Set(),
    broken: null,
    made: 0,
    needed: 0,
    deeds: new Map(),
    trace: [],
    nonces: 0,
    hers: new Map(),
    backup: null,
    restored: new Set(),
  }
}

/** A promise does not hold. The first one counts. */
export function breaks(world: HistoryWorld, promise: string): void {
  world.broken ??= promise
}

/** Where a site finds a store: what is local is another place on each machine, and a file in each checkout. */
export function placeOf(spec: StoreSpec, { host, folder }: Site): string {
  if (!isLocal(spec)) return storeLabel(spec)
  return `${storeLabel(spec)} on ${host}${spec.kind === 'env-file' ? ` in ${folder}` : ''}`
}

/** The live key that a secret authenticates as, by what the platform shows; null where it is none. */
export function holderOf(world: HistoryWorld, secret: string, keys: readonly LiveKey[]): LiveKey | null {
  const id = world.issued.get(secret)
  const live = keys.find(key => key.id === id)
  if (live === undefined || live.status !== 'active') return null
  const shown = visibleEnd(live.maskedKey)
  return endsAgree(shown, secret.slice(-shown.length)) ? live : null
}

/** Notes that the secret of a live key works no more, and why. */
export function dies(world: HistoryWorld, id: string, why: Death): void {
  for (const [secret, owner] of world.issued) {
    if (owner === id && !world.deaths.has(secret)) world.deaths.set(secret, why)
  }
}

export function secretOf(text: string): Secret {
  return new Secret(text)
}
