import type { Severity } from './audit-rule.ts'
import type { BreakGlassRefusal } from './break-glass.ts'
import type { FieldChange } from './field-change.ts'
import type { Instant, Milliseconds } from './duration.ts'
import type { PlatformFinding } from './platform-finding.ts'
import type { Permissions } from './permission.ts'
import type { Scope } from './scope.ts'

/** How many key ids a limit is about, and how many it lets through. */
interface LimitFacts {
  /** Key ids that would be revoked or rotated. */
  readonly count: number
  /** Key ids that the share is of. */
  readonly live: number
  readonly allowed: number
  readonly share: number
  readonly always: number
  /** Those that are held or deferred, sorted. */
  readonly keyIds: readonly string[]
}

/** A key id that nothing is done to, while the rest of the plan goes on. */
export interface HeldFinding {
  readonly severity: 'held'
  readonly code: 'rename-held'
  readonly keyId: string
  /**
   * `both-live`: it and a name that it had before are both in use. `still-made`: a former stack has a key that it made after its
   * keys were taken over. `being-made`: a run works under the former name, until `until` at least.
   */
  readonly cause: 'both-live' | 'still-made' | 'being-made'
  /** `stack/key id`, with the ids of its live keys. */
  readonly names: readonly { readonly name: string; readonly liveIds: readonly string[] }[]
  readonly until: Instant | null
}

/**
 * What the planner has to say next to changes. A refusal stops the whole plan; what is held stops the key ids that it names, and the
 * pruning of keys that nothing declares; a warning stops nothing.
 */
export type Finding =
  | HeldFinding
  | PlatformFinding
  /** A key would be made that another stack has, by key id and name. */
  | {
      readonly severity: 'warning'
      readonly code: 'made-by-other-stack'
      readonly stack: string
      readonly keyIds: readonly string[]
      readonly liveIds: readonly string[]
    }
  /** Live keys of a stack in `formerly:` that nothing here declares. */
  | {
      readonly severity: 'warning'
      readonly code: 'left-in-former-stack'
      readonly stack: string
      readonly keyIds: readonly string[]
    }
  | {
      readonly severity: 'held'
      readonly code: 'name-taken'
      readonly keyId: string
      readonly name: string
      readonly liveIds: readonly string[]
    }
  /** `adopt:` names no key that can be taken over. */
  | {
      readonly severity: 'held'
      readonly code: 'cannot-adopt'
      readonly keyId: string
      readonly adopt: string
      readonly cause: 'not-found' | 'ambiguous' | 'managed' | 'unreadable' | 'claimed-twice'
      readonly liveIds: readonly string[]
      /** `stack/key id` of the key that has it already. */
      readonly owner: string | null
      readonly suggestion: string | null
    }
  | {
      readonly severity: 'held'
      readonly code: 'grants-beyond-caller'
      readonly keyId: string
      readonly permissions: Permissions
      /** What the calling key has, in the platform's own words, which may not be ours. */
      readonly held: Permissions
      readonly scope: Scope
    }
  | {
      readonly severity: 'held'
      readonly code: 'unknown-project'
      readonly keyId: string
      readonly project: string
      readonly suggestion: string | null
    }
  /** Revocations above the limit, none of which is done. */
  | ({ readonly severity: 'held'; readonly code: 'limit'; readonly action: 'revoke' } & LimitFacts)
  /** Rotations above the limit, of which those that can wait are deferred. */
  | ({ readonly severity: 'warning'; readonly code: 'limit'; readonly action: 'rotate' } & LimitFacts)
  /** Somebody asked for its rotation, and the plan has none. */
  | {
      readonly severity: 'held'
      readonly code: 'not-rotated'
      readonly keyId: string
      readonly cause: 'not-adopted' | 'date-past' | 'pending' | 'other-host' | 'key-unreadable'
    }
  /** The caller may not see every key: what would be made could be a second one. */
  | { readonly severity: 'held'; readonly code: 'listing-narrowed'; readonly keyIds: readonly string[] }
  /** The platform did not list every key: what would be made could be a second one. */
  | { readonly severity: 'refusal'; readonly code: 'listing-incomplete'; readonly keyIds: readonly string[] }
  /** Approved, and no longer as the approved plan found it. */
  | { readonly severity: 'held'; readonly code: 'stale'; readonly keyId: string }
  | {
      readonly severity: 'refusal'
      readonly code: 'widening-forbidden'
      /** Who forbids it: the configuration's policy, or a flag of this run. */
      readonly by: 'policy' | 'flag'
      /** Of how many changes in the plan. */
      readonly changes: number
      readonly widened: readonly {
        readonly keyId: string
        readonly fields: readonly FieldChange['field'][]
      }[]
    }
  /** Findings of audit, at the severity at which the policy fails or above. */
  | {
      readonly severity: 'refusal'
      readonly code: 'policy-failed'
      readonly failOn: Severity
      readonly found: readonly { readonly keyId: string; readonly rule: string }[]
    }
  | {
      readonly severity: 'warning'
      readonly code: 'too-many-pending'
      readonly keyId: string
      readonly liveIds: readonly string[]
    }
  | {
      readonly severity: 'warning'
      readonly code: 'prune-withheld'
      readonly cause:
        'no-keys-declared' | 'listing-narrowed' | 'listing-incomplete' | 'key-held' | 'key-unreadable'
      readonly keyIds: readonly string[]
    }
  | {
      readonly severity: 'warning'
      readonly code: 'protected'
      readonly keyId: string
      readonly liveId: string
    }
  | {
      readonly severity: 'warning'
      readonly code: 'calling-key'
      readonly keyId: string
      readonly liveId: string
      readonly action: 'revoke' | 'narrow'
    }
  | {
      readonly severity: 'warning'
      readonly code: 'other-host'
      readonly keyId: string
      readonly liveId: string
      readonly action: 'heal' | 'deliver' | 'rotate'
    }
  /** Its declaration lost stores, and its secret cannot be taken out of them from here. */
  | {
      readonly severity: 'warning'
      readonly code: 'store-left'
      readonly keyId: string
      readonly liveId: string
      readonly cause: 'not-found' | 'other-host' | 'cannot-remove'
      readonly count: number
      /** Where they are known. */
      readonly stores: readonly string[]
    }
  | {
      readonly severity: 'warning'
      readonly code: 'being-made'
      readonly keyId: string
      readonly liveId: string
      readonly until: Instant
      /** It retires, and the successor that it names is not to be found. */
      readonly lacksSuccessor: boolean
    }
  /** In a view of drift: declared, with no live key, which are new or were deleted. */
  | { readonly severity: 'warning'; readonly code: 'not-live'; readonly keyIds: readonly string[] }
  | { readonly severity: 'warning'; readonly code: 'date-near'; readonly keyId: string; readonly at: Instant }
  | { readonly severity: 'warning'; readonly code: 'date-past'; readonly keyId: string; readonly at: Instant }
  /** It has a permission or a project until soon. */
  | {
      readonly severity: 'warning'
      readonly code: 'grant-near'
      readonly keyId: string
      readonly grant: 'permission' | 'project'
      readonly name: string
      readonly until: Instant
      readonly reason: string
    }
  /** Nobody may give it that, or it cannot be given. */
  | {
      readonly severity: 'refusal'
      readonly code: 'break-glass-refused'
      readonly keyId: string
      readonly permissions: readonly string[]
      readonly cause: BreakGlassRefusal | 'no-head' | 'has-it' | 'unproven'
    }
  /**
   * Its marker records that it was given more in an emergency. `ended`: whoever had its secret then may have used it for more, so it asks for a
   * new one. `not-allowed`: by the policy, or for lack of a signature, so it counts for nothing.
   */
  | {
      readonly severity: 'warning'
      readonly code: 'break-glass'
      readonly keyId: string
      readonly liveId: string
      readonly permissions: readonly string[]
      readonly until: Instant
      readonly state: 'active' | 'ended' | 'not-allowed'
    }
  /** Declared, and nobody used it for `after`. */
  | {
      readonly severity: 'warning'
      readonly code: 'unused-declared'
      readonly keyId: string
      readonly liveId: string
      readonly after: Milliseconds
    }
  /** It names a free key, but its key id has a live key already. */
  | {
      readonly severity: 'warning'
      readonly code: 'adopt-ignored'
      readonly keyId: string
      readonly liveId: string
    }
  /** Its end is not as declared, and may not be written, being past or near: nobody renews an adopted key, nor a fixed date. */
  | {
      readonly severity: 'warning'
      readonly code: 'end-withheld'
      readonly keyId: string
      readonly liveId: string
      readonly cause: 'adopted' | 'fixed-date'
      readonly wanted: Instant
      /** Null: it never ends. */
      readonly current: Instant | null
    }
  /** An adopted key is rotated only where somebody asks for it, and it is due, or is given an end: `at` is its end. */
  | {
      readonly severity: 'warning'
      readonly code: 'rotate-by-hand'
      readonly keyId: string
      readonly liveId: string
      readonly cause: 'environment' | 'ends' | 'will-end'
      readonly at: Instant | null
    }
  /** Its successor's declaration and it have nothing in common, so that nothing would remain of it: it stays as it is. */
  | {
      readonly severity: 'warning'
      readonly code: 'not-narrowed'
      readonly keyId: string
      readonly liveId: string
      readonly fields: readonly FieldChange['field'][]
    }
  /** It should get more, and nothing but its marker says that it is ours. */
  | {
      readonly severity: 'warning'
      readonly code: 'not-signed'
      readonly keyId: string
      readonly liveId: string
    }
  | {
      readonly severity: 'warning'
      readonly code: 'unproven'
      readonly keyId: string
      readonly liveId: string
      readonly fields: readonly FieldChange['field'][]
    }
  /** It carries the marker of another key of this stack. */
  | {
      readonly severity: 'warning'
      readonly code: 'marker-copied'
      /** The key id that the marker names. */
      readonly keyId: string
      readonly liveId: string
      readonly name: string
    }
  | {
      readonly severity: 'warning'
      readonly code: 'marker-unreadable'
      readonly liveId: string
      readonly name: string
    }
