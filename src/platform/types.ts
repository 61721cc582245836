import type { Transport } from './transport.ts'
import type { Budget, BudgetWait } from '../model/budget.ts'
import type { Caller } from '../model/caller.ts'
import type { Instant } from '../model/duration.ts'
import type { Environment } from '../model/environment.ts'
import type { ListingDoubts } from '../model/listing-doubts.ts'
import type { Lifetime } from '../model/lifetime.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import type { Permissions } from '../model/permission.ts'
import type { Scope } from '../model/scope.ts'
import type { Secret } from '../model/secret.ts'
import type { CapabilityName } from './capabilities.ts'
import type { Proxy } from './proxy.ts'

/** The live keys that the caller may see. */
export interface Listing {
  readonly keys: readonly LiveKey[]
  /** When they were listed: the `Date` of the first page. */
  readonly now: Instant
  /** Whose clock `now` is: ours, where the platform sends no date. */
  readonly clock: 'server' | 'local'
  /** False where a key may be missing: a page repeated, a cursor looped, or the pages did not end. */
  readonly complete: boolean
  readonly doubts: ListingDoubts
}

/** A key to make. The same value always makes the same request, byte for byte: a replay needs it. */
export interface NewKey {
  readonly name: string
  /** Without the marker. */
  readonly description: string
  readonly marker: Marker | null
  /** Null: the platform chooses. */
  readonly environment: Environment | null
  readonly scope: Scope
  readonly permissions: Permissions
  readonly expires: Lifetime
}

/** One create: the same idempotency key always goes with the same key. */
export interface CreateRequest {
  readonly key: NewKey
  readonly idempotencyKey: string
}

/** What to change on a live key; what is absent stays as it is. */
export interface KeyPatch {
  readonly name?: string
  readonly description?: { readonly text: string; readonly marker: Marker | null }
  readonly scope?: Scope
  readonly permissions?: Permissions
  /** Null: never. */
  readonly expiresAt?: Instant | null
}

/** A key that was just made or regenerated. The secret is null where the answer lacks it: the key exists anyway. */
export interface Issued {
  readonly key: LiveKey
  readonly secret: Secret | null
}

export type Whoami = Caller & {
  /** The calling key in full; null where a user token authenticates us. */
  readonly liveKey: LiveKey | null
}

export interface Project {
  readonly id: string
  readonly name: string
  readonly status: string | null
}

/** Numbers of requests by name. */
export type Counts = ReadonlyMap<string, number>

/** What a key was used for over the last days. */
export interface Usage {
  readonly total: number
  /** Names are days in UTC: `2026-01-31`. */
  readonly byDay: Counts
  readonly byOperation: Counts
  readonly byProject: Counts
  /** Operation, then project; null where the platform does not say. */
  readonly byOperationAndProject: ReadonlyMap<string, Counts> | null
  /** Null where the platform does not say. */
  readonly addresses: readonly { readonly ip: string; readonly requests: number }[] | null
}

/** How to wait for budget. */
export interface Pacing {
  /** Ends the wait: calls that need budget then fail with `interrupted`. */
  readonly stopping: AbortSignal
  /** Null: the wait is over. */
  readonly tell: (wait: BudgetWait | null) => void
}

/** The right of one run to write its stack, which ends where it is not renewed in time. */
export interface WriteLease {
  /** A later holder has a higher one. */
  readonly epoch: number
  /** Throws a Failure (conflict) where it may be somebody else's by now. Asks nobody. */
  requireHeld(): void
}

/** What is told about each HTTP try: no header and no body. */
export interface RequestInfo {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Null where no answer came. */
  readonly status: number | null
  /** 1 is the first. */
  readonly try: number
  readonly milliseconds: number
}

/** Everything the client needs from outside. */
export interface ClientOptions {
  /** An origin, or an origin and a path. */
  readonly baseUrl: URL | string
  readonly credential: Secret
  /** Where that came from, for failures to name: `FLUXLOOP_API_KEY in the environment`. */
  readonly credentialSource?: string
  /** Of a person's login: a token that works, asked for before the one in use ends. */
  readonly renewal?: {
    readonly expiresAt: Instant | null
    readonly renew: () => Promise<{ readonly secret: Secret; readonly expiresAt: Instant | null }>
  }
  /** The network, or a sandbox in this process. */
  readonly transport: Transport
  readonly userAgent: string
  /** What it goes through, for failures to name; none by default. */
  readonly proxy?: Proxy | null
  /** From 0 up to but not including 1. */
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  readonly now: () => Instant
  /** Of the days in failures, by its IANA name; UTC by default. */
  readonly timeZone?: string
  /** Of one try, until the last byte of its answer; 30 s by default. */
  readonly timeoutMs?: number
  /** 5 by default. */
  readonly maxTries?: number
  /** The longest `Retry-After` that is waited for, in milliseconds; 60 s by default. */
  readonly maxWaitMs?: number
  /** The id of the calling key, for a platform that cannot be asked; `none`: a user's token calls. */
  readonly callerId?: string | null
  /** Ends what is in flight: calls then fail with `interrupted`. */
  readonly signal?: AbortSignal
  readonly onRequest?: (info: RequestInfo) => void
}

/**
 * The platform's API. Every call rejects with a `PlatformFailure` and nothing else, and none of them holds a body, a
 * header or a secret.
 */
export interface PlatformClient {
  /** How many HTTP tries were made so far: the platform allows 1,000 an hour. */
  requests(): number
  /** One request for each 1,000 keys, or what the platform caps a page at. */
  list(options?: { readonly maximumPages?: number }): Promise<Listing>
  get(id: string): Promise<LiveKey>
  /**
   * One more request, a `get`, where the answer has an id but not the whole key; a list where it has no id. A secret that came is
   * never dropped: where even that fails, the key is as it was asked for, or the rejection is an `UnplacedSecret`. `renew` gives what
   * to ask for instead, right before each try for as long as no earlier one can have made a key: waits for budget are over by then.
   */
  create(key: NewKey, idempotencyKey: string, renew?: () => CreateRequest): Promise<Issued>
  update(
    id: string,
    patch: KeyPatch,
    options: { readonly ifMatch: string | null; readonly idempotencyKey?: string },
  ): Promise<LiveKey>
  /** `seen`: the key as it was, for what the answer may lack. */
  regenerate(
    id: string,
    options: { readonly ifMatch: string | null; readonly idempotencyKey: string; readonly seen?: LiveKey },
  ): Promise<Issued>
  /** A key that is no longer there counts as revoked. */
  revoke(id: string, options?: { readonly ifMatch?: string | null }): Promise<void>
  /** `days`: a whole number, 1 or more. */
  usage(id: string, days: number): Promise<Usage>
  whoami(): Promise<Whoami>
  /**
   * The same with another secret than the client's own: one from a store, or one that was just issued. Null, and nothing is sent,
   * where it does not end as the masked key of the key that it should be: it may be the secret of something else.
   */
  whoamiAs(
    secret: Secret,
    key: Pick<LiveKey, 'maskedKey'> & Partial<Pick<LiveKey, 'id'>>,
    /** Nobody has the secret yet: the user agent says so, and this look is not use of the key. */
    when?: 'before-delivery',
  ): Promise<Whoami | null>
  /** What the platform was found to lack so far. */
  lacks(): ReadonlySet<CapabilityName>
  /** Fails where the platform has no PATCH. One request, which changes nothing. */
  requireUpdates(id: string): Promise<void>
  projects(): Promise<readonly Project[]>
  /** From now on this secret of this key authenticates every call. One that does not end like the masked key changes nothing. */
  actAs(secret: Secret, key: Pick<LiveKey, 'maskedKey'>): void
  /** What the last answers said of the caller's own requests; null where they said nothing. */
  budget(): Budget | null
  /** From now on calls that the platform's rate limit does not allow wait, as often as it takes, rather than fail. */
  pace(pacing: Pacing): void
  /** From now on every request names the epoch of this lease, and none that writes is sent once it may be somebody else's. */
  underLease(lease: WriteLease): void
  /** Waits until that many requests may be made, where calls wait at all, or until that is interrupted. */
  ready(requests: number): Promise<void>
  /** The same for one piece of work, which has them for itself until the function that it resolves to is called. */
  hold(requests: number): Promise<() => void>
  /** How many requests the last list took. */
  listCost(): number
}
