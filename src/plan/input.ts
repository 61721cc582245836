import type { BreakGlassRequest } from '../model/break-glass.ts'
import type { Caller } from '../model/caller.ts'
import type { ListingDoubts } from '../model/listing-doubts.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { FormerStores } from '../model/removal.ts'
import type { Targets } from '../model/targets.ts'

/** What the platform has, as far as the plan needs it. */
export interface CurrentState {
  readonly keys: readonly LiveKey[]
  readonly caller: Caller
  /** False where pages of the listing may be missing. */
  readonly complete: boolean
  /** What else the listing leaves in doubt. */
  readonly doubts: ListingDoubts
  /** The names of all projects; null where nobody had to ask, since every declared project is one that a live key has. */
  readonly projects: readonly string[] | null
}

/** By key id, the ids of live keys whose masked end is the end of a secret that a store of that key id holds. */
type HeldKeys = ReadonlyMap<string, ReadonlySet<string>>

export interface PlanOptions {
  /** The API's origin: plans of two platforms must not be taken for each other. */
  readonly platform: string
  /** A short hash of this machine and user. */
  readonly host: string
  /**
   * By key id, the hashes of the places where its local stores are here: first the one that its markers get, then what they may have
   * from before its declaration changed. A key id that is missing has no local files: its place is `host`.
   */
  readonly places: ReadonlyMap<string, readonly string[]>
  /** What readable stores hold now; only of key ids that `evidenceNeeded` names. */
  readonly held: HeldKeys
  /** The same, where everything local that can be read and should hold that secret does: the key's place is here. */
  readonly heldHere: HeldKeys
  /** No other run of this machine and user is at work; false where no lock could be made to keep it out. */
  readonly locked: boolean
  /** The ids of live keys that a signature of ours proves. */
  readonly signed: ReadonlySet<string>
  /** Those of them whose signature was made by the present signing key. */
  readonly signedNow: ReadonlySet<string>
  /** Somebody wants every proven head signed by the present signing key. */
  readonly sign: boolean
  /** Key ids of which a store belongs to one person's machine. */
  readonly localKeys: ReadonlySet<string>
  /** Where the stores are that declarations lost. */
  readonly formerStores: FormerStores
  /** Whether this machine's keychain takes secrets; null where no key has a fallback that would take its place. */
  readonly keychain: 'works' | 'missing' | null
  /** Heal and rotate keys here whose local stores are another host's. */
  readonly takeOver: boolean
  /** That many revocations, and rotations that nobody asked for, are allowed in this run; null: as the limits say. */
  readonly maxRevoke: number | null
  readonly maxRotate: number | null
  /** Key ids that somebody wants rotated now, with why; `leaked`: others know the secret, so there is no grace. */
  readonly rotate: ReadonlyMap<string, { readonly note: string | null; readonly leaked: boolean }>
  /** Somebody gives a key more than it declares, in an emergency; null in every other run. Nothing else is done to that key. */
  readonly breakGlass: BreakGlassRequest | null
  /** Key ids, or ids of live keys, that may be revoked in use. */
  readonly revokeInUse: readonly string[]
  /** The keys that the plan is about; all others are left out. */
  readonly targets: Targets
  /** Whether a change may grant more than its key has: as the configuration says, or otherwise in this run. */
  readonly widening: 'as-declared' | 'forbid' | 'allow'
}
