import type { Budget } from '../model/budget.ts'
import type { Caller } from '../model/caller.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant, Milliseconds } from '../model/duration.ts'
import type { Progress } from '../model/outcome.ts'
import type { Secret } from '../model/secret.ts'
import type { StoreSpec } from '../model/store.ts'
import type { PlanOptions } from '../plan/input.ts'
import type { Sign } from '../platform/signature.ts'
import type { CreateRequest, Issued, KeyPatch, Listing, NewKey, Whoami } from '../platform/types.ts'
import type { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'

/** What apply asks of the platform. */
export interface ApplyPlatform {
  list(): Promise<Listing>
  get(id: string): Promise<LiveKey>
  /** `renew`: what to ask for instead, right before each try for as long as no earlier one can have made a key. */
  create(key: NewKey, idempotencyKey: string, renew?: () => CreateRequest): Promise<Issued>
  regenerate(
    id: string,
    options: { readonly ifMatch: string | null; readonly idempotencyKey: string; readonly seen?: LiveKey },
  ): Promise<Issued>
  update(id: string, patch: KeyPatch, options: { readonly ifMatch: string | null }): Promise<LiveKey>
  revoke(id: string, options?: { readonly ifMatch?: string | null }): Promise<void>
  whoami(): Promise<Whoami>
  /** With a secret from elsewhere; null, and nothing is sent, where it does not end like the masked key. */
  whoamiAs(
    secret: Secret,
    key: Pick<LiveKey, 'maskedKey'> & Partial<Pick<LiveKey, 'id'>>,
    when?: 'before-delivery',
  ): Promise<Whoami | null>
  /** From now on this secret of this key authenticates every call. */
  actAs(secret: Secret, key: Pick<LiveKey, 'maskedKey'>): void
}

/** What apply asks of one store. */
export interface ApplyStore {
  readonly readable: boolean
  /**
   * Resolves to where the secret is now, in words. `requireHeld` is asked once nothing is left to wait for, and throws where another run
   * may write by now.
   */
  put(secret: Secret, requireHeld?: () => void): Promise<string>
  get(): Promise<Secret | null>
  remove(requireHeld?: () => void): Promise<void>
}

export interface ApplyStores {
  open(spec: StoreSpec): ApplyStore
  /** Each backend once; null: it can take a secret. */
  probe(specs: readonly StoreSpec[]): Promise<ReadonlyMap<StoreSpec, Failure | null>>
}

/** The caller's requests, of which the platform allows that many an hour. */
export interface RunBudget {
  /** Null where the platform does not say. */
  budget(): Budget | null
  /** Waits until that many requests may be made, or until the run is to stop. */
  ready(requests: number): Promise<void>
  /** The same for one piece of work, which has them for itself until the function that it resolves to is called. */
  hold(requests: number): Promise<() => void>
  /** How many requests the last list took. */
  listCost(): number
}

/** Signatures of markers. */
export interface Signing {
  /** Signs the marker that a live key gets; gives it back as it is where nobody signs. */
  readonly sign: Sign
  /** Does a signature prove that a live key is ours? */
  isSigned(live: LiveKey): boolean
}

/** Everything that executing a plan needs from outside. */
export interface Run {
  readonly desired: DesiredState
  readonly options: PlanOptions
  readonly caller: Caller
  /** The ids of the keys that were there when the run began, and of those that it made. */
  readonly known: Set<string>
  readonly platform: ApplyPlatform
  readonly stores: ApplyStores
  readonly signing: Signing
  readonly budget: RunBudget
  /** The server's clock, as well as we know it. */
  readonly clock: () => Instant
  /** 10 random characters of base 36, new at every call. */
  readonly nonce: () => string
  /** How many changes are worked on at once. */
  readonly parallelism: number
  /** Aborted by the first Ctrl-C: nothing new begins, what is in flight ends. */
  readonly stopping: AbortSignal
  readonly tell: (progress: Progress) => void
  /** Resolves after that long. */
  readonly pause: (time: Milliseconds) => Promise<void>
}
