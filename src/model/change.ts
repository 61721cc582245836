import type { AffectedConsumer } from './affected-consumer.ts'
import type { DesiredKey, Rotation } from './desired.ts'
import type { Instant, Milliseconds } from './duration.ts'
import type { Environment } from './environment.ts'
import type { FieldChange } from './field-change.ts'
import type { Finding } from './finding.ts'
import type { KeyHome } from './key-home.ts'
import type { LastUse, LiveKey } from './live-key.ts'
import type { EmergencyGrant } from './marker.ts'
import type { Proof } from './proof.ts'
import type { Removal } from './removal.ts'
import type { Subject } from './subject.ts'
import type { Targets } from './targets.ts'

export type RotationReason =
  | { readonly code: 'past-max-age'; readonly age: Milliseconds; readonly maxAge: Milliseconds }
  | { readonly code: 'ends-soon'; readonly end: Instant; readonly renewBefore: Milliseconds }
  /** It ends later than that, and is replaced now so that keys which end together are not due together. */
  | { readonly code: 'ends-with-others'; readonly end: Instant }
  | { readonly code: 'expired'; readonly end: Instant }
  | { readonly code: 'environment'; readonly current: Environment | null; readonly desired: Environment }
  | { readonly code: 'leaked' }
  /** Its successor, which had taken its place, is gone. */
  | { readonly code: 'head-lost'; readonly since: Instant }
  /** Several keys say that they were delivered, and nothing proves which of them was the last. */
  | { readonly code: 'several-heads'; readonly liveIds: readonly string[] }
  /** It should get more, and nothing but its marker says that it is ours. */
  | { readonly code: 'unproven'; readonly fields: readonly FieldChange['field'][] }
  /** Somebody asked for it, and may have said why. */
  | { readonly code: 'requested'; readonly note: string | null }

export type DeliveryReason =
  /** The live key's end is not the one that was delivered: its stores hold a dead secret. */
  | { readonly code: 'stale'; readonly delivered: string; readonly live: string }
  | { readonly code: 'regenerated-elsewhere'; readonly at: Instant }
  /** A store holds the secret of a key that retires, and none that of the head: whoever wrote last was late. */
  | { readonly code: 'overtaken'; readonly by: string }
  | { readonly code: 'store-added'; readonly stores: readonly string[] }
  /** The same place, declared differently: what is kept there has to be written anew. */
  | { readonly code: 'store-changed'; readonly stores: readonly string[] }
  /** Its local stores are elsewhere, and somebody wants them here from now on. */
  | { readonly code: 'taken-over' }

export type RevocationReason =
  | { readonly code: 'undeclared' }
  /** Somebody says that others know its secret: no grace, and no gate. */
  | { readonly code: 'leaked'; readonly head: number }
  /** An unmanaged key, and the configuration says that such keys go. */
  | { readonly code: 'unmanaged' }
  /** An unmanaged key, and nobody used it for `after`. */
  | { readonly code: 'unused'; readonly after: Milliseconds }
  /** Made more than a day ago, and no store has its secret. */
  | { readonly code: 'abandoned' }
  /** A successor took its place; `deadline` is the end of its grace. */
  | { readonly code: 'superseded'; readonly head: number; readonly deadline: Instant }

/** What a revocation must pass, kept with it so that apply can ask again with fresh facts. */
export interface UsageGate {
  readonly quiet: Milliseconds
  /** The user let this key through for this run. */
  readonly waived: boolean
}

export interface Create {
  readonly kind: 'create'
  readonly keyId: string
  readonly desired: DesiredKey
  readonly generation: number
}
export interface Update {
  readonly kind: 'update'
  readonly keyId: string
  /** For a superseded key, the declaration of its successor. */
  readonly desired: DesiredKey
  readonly live: LiveKey
  /** It is only narrowed: it keeps its name, its marker and its end. */
  readonly superseded: boolean
  readonly fields: readonly FieldChange[]
  readonly mark: UpdateMark
  /** How it is shown to be ours; null unless it gets more, or a signature. Apply makes sure of it once more. */
  readonly proof: Proof | null
  readonly removal: Removal
}
/** What an update's marker says afterwards. */
export type UpdateMark =
  /** As declared. */
  | { readonly event: 'updated' }
  /** As before, its names aside: a rename takes the whole lineage along. */
  | { readonly event: 'narrowed' }
  /** `successor`: the live id of the key that leads. */
  | { readonly event: 'retired'; readonly successor: string }
  /** Somebody gives it more until a moment, and says why. */
  | { readonly event: 'granted'; readonly grant: EmergencyGrant; readonly reason: string }
  /** The head has a marker again. */
  | { readonly event: 'recognised'; readonly generation: number }
export interface Rotate {
  readonly kind: 'rotate'
  readonly strategy: Rotation['strategy']
  readonly keyId: string
  readonly desired: DesiredKey
  readonly live: LiveKey
  readonly generation: number
  /** In place: what the marker's PATCH brings up to date, besides the end that the new secret gets. */
  readonly fields: readonly FieldChange[]
  readonly reasons: readonly RotationReason[]
  /** Marked as leaked before anything is made, and revoked once the successor is delivered; empty unless somebody says so. */
  readonly leaked: readonly LiveKey[]
  /** Marked as retiring once the successor is made and proven, before any store gets its secret; empty in place. */
  readonly predecessors: readonly LiveKey[]
  readonly removal: Removal
}
/** Deliver again: from a readable store whose secret the platform accepts as this key, else by a new generation. */
export interface Deliver {
  readonly kind: 'deliver'
  readonly keyId: string
  readonly desired: DesiredKey
  readonly live: LiveKey
  /** Of the successor, where no store has the secret. */
  readonly generation: number
  /** How it is rotated, where no store has the secret. */
  readonly strategy: Rotation['strategy']
  /** No store can be read: it will be rotated for certain. */
  readonly rotates: boolean
  /** What the same PATCH brings up to date, where the key stays. */
  readonly fields: readonly FieldChange[]
  /** What is taken from the key where a new generation takes its place after all. */
  readonly narrowing: readonly FieldChange[]
  /** Marked as retiring, where a new generation takes its place after all. */
  readonly predecessors: readonly LiveKey[]
  readonly reasons: readonly DeliveryReason[]
  readonly removal: Removal
}
/** A key that was made and not delivered. */
export interface PendingKey {
  readonly live: LiveKey
  /** What the PATCH that says that it is delivered brings up to date. */
  readonly fields: readonly FieldChange[]
  /** What is taken from it where another key is delivered. */
  readonly narrowing: readonly FieldChange[]
}
/** Finish or replace keys that an interrupted run left without delivery. */
export interface Heal {
  readonly kind: 'heal'
  readonly keyId: string
  readonly desired: DesiredKey
  /** Highest generation first; at least one. */
  readonly pending: readonly PendingKey[]
  /** Of a new key, where none of them can be finished; null where too many are pending to add one. */
  readonly generation: number | null
  /** Revoked where none can be finished: this place made more of them than it may leave behind, and nobody used them. */
  readonly excess: readonly LiveKey[]
  /** Marked as retiring before any store gets the secret of the one that is finished, as are the other pending keys then. */
  readonly predecessors: readonly LiveKey[]
  readonly removal: Removal
}
export interface Revoke {
  readonly kind: 'revoke'
  /** The live key's id where it is nobody's. */
  readonly keyId: string
  readonly live: LiveKey
  readonly generation: number
  readonly reason: RevocationReason
  readonly gate: UsageGate
}

/** Take over a live key that is nobody's: others hold its secret, which stays as it is. */
export interface Adopt {
  readonly kind: 'adopt'
  readonly keyId: string
  readonly desired: DesiredKey
  readonly live: LiveKey
  readonly generation: number
  /** What the same PATCH brings up to date. */
  readonly fields: readonly FieldChange[]
}
/** Give a key up, as it is, for another stack to adopt. */
export interface Release {
  readonly kind: 'release'
  readonly keyId: string
  readonly live: LiveKey
  readonly generation: number
}

export type Change = Create | Adopt | Update | Rotate | Deliver | Heal | Release | Revoke

/** A live key that will be revoked, but not by this plan. It is not a change. */
export interface Retiring {
  readonly keyId: string
  readonly live: LiveKey
  readonly generation: number
  readonly reason: RevocationReason
  readonly wait:
    | { readonly code: 'grace'; readonly until: Instant }
    | { readonly code: 'in-use'; readonly lastUse: LastUse; readonly quiet: Milliseconds }
    | { readonly code: 'usage-unknown' }
    | { readonly code: 'successor-pending' }
    /** Of one key id, one key is revoked at a time: `liveId` is the one that goes first. */
    | { readonly code: 'another-first'; readonly liveId: string }
    /** Nothing declares it any more, and it goes after its predecessors: `liveId` is one that has to stay. */
    | { readonly code: 'predecessor-alive'; readonly liveId: string }
    /** Unmanaged, and so young that its users may not have begun. */
    | { readonly code: 'young'; readonly until: Instant }
    /** More key ids would be revoked than the limit allows, and none of them is. */
    | { readonly code: 'over-limit' }
    /** Nothing that is not declared is revoked while a key id is held back. */
    | { readonly code: 'key-held' }
}

/** A key that is due, and can wait: this run rotates as many as the limit allows. It is not a change. */
export interface Deferred {
  readonly keyId: string
  readonly live: LiveKey
  readonly reasons: readonly (RotationReason | DeliveryReason)[]
  /** From then on it does not wait, whatever the limit says, since its end is near; null where its end causes no rotation. */
  readonly until: Instant | null
}

/** The difference between the configuration and the platform at one moment: what is shown, and what is applied. */
export interface Plan extends Subject {
  /** The server's clock when the keys were listed. */
  readonly now: Instant
  /** Sorted by key id, then generation. */
  readonly changes: readonly Change[]
  readonly retiring: readonly Retiring[]
  /** The most urgent first. */
  readonly deferred: readonly Deferred[]
  /** Where the secrets of all declared keys go from here, sorted by key id. */
  readonly homes: readonly KeyHome[]
  /** Whether this machine's keychain takes secrets, or fallbacks do; null where no key has a fallback. */
  readonly keychain: 'works' | 'missing' | null
  /** Live unmanaged keys, where the configuration asks for a report; the calling key among others, and never alone. */
  readonly unmanaged: readonly LiveKey[]
  /** What it means for those who use the keys, sorted by key id. */
  readonly consumers: readonly AffectedConsumer[]
  readonly findings: readonly Finding[]
  /** How many live keys carry this stack's marker. */
  readonly managed: number
  /** The key id whose key authenticates the run, which is made as declared last; null where this stack does not own it. */
  readonly callingKeyId: string | null
  /** The live key that authenticates the run, whoever owns it; null where a user does, or where that is unknown. */
  readonly callingLiveId: string | null
  /** The key ids that the plan is about; keys beyond them are in none of the lists above. */
  readonly targets: Targets
  /** What it shows: what apply would do, what it would do at another moment, or drift alone. Only the first can be applied. */
  readonly view: 'changes' | 'forecast' | 'drift'
}

/** The key ids for which something is due that cannot be done from here, sorted: changes that are pending elsewhere. */
export function pendingElsewhere({ findings }: Pick<Plan, 'findings'>): readonly string[] {
  const keyIds = findings.flatMap(finding => (finding.code === 'other-host' ? [finding.keyId] : []))
  return [...new Set(keyIds)].sort()
}

/** The live keys that a plan of drift is about: changed on the platform, without a marker that can be read, or the last of a key id without a head. */
export function driftedKeys({ changes, findings }: Pick<Plan, 'changes' | 'findings'>): readonly string[] {
  const changed = changes.flatMap(change => ('live' in change ? [change.live.id] : []))
  const found = findings.flatMap(finding =>
    finding.code === 'marker-unreadable' || finding.code === 'being-made' ? [finding.liveId] : [],
  )
  return [...new Set([...changed, ...found])]
}

/** A plan that must not be applied. */
export function isRefused({ findings }: Plan): boolean {
  return findings.some(({ severity }) => severity === 'refusal')
}

/** A plan that leaves out what it should do; the rest of it may be applied. */
export function isHeldInPart({ findings }: Pick<Plan, 'findings'>): boolean {
  return findings.some(({ severity }) => severity === 'held')
}

const pruningReasons: readonly RevocationReason['code'][] = ['undeclared', 'unmanaged', 'unused']

/** What becomes of keys that nothing declares: it waits while any key is in trouble, since that key may be one of them. */
export function isPruning(change: Change): change is Revoke | Release {
  return (
    change.kind === 'release' || (change.kind === 'revoke' && pruningReasons.includes(change.reason.code))
  )
}
