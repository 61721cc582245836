import type { AuditException, AuditPolicy } from './audit-policy.ts'
import type { BreakGlassRule } from './break-glass.ts'
import type { Consumer } from './consumer.ts'
import type { Milliseconds } from './duration.ts'
import type { Environment } from './environment.ts'
import type { Lifetime } from './lifetime.ts'
import type { Permissions } from './permission.ts'
import type { Position } from './position.ts'
import type { Scope } from './scope.ts'
import type { DeclaredStore } from './store.ts'
import type { TemporaryGrant } from './temporary-grant.ts'

/** What a key's rotation is declared to be. */
export interface Rotation {
  /** How a secret is replaced: by a successor key, or in the key itself, which cuts its users off until they read the new one. */
  readonly strategy: 'overlap' | 'in-place'
  /** Null: age never rotates it. */
  readonly maxAge: Milliseconds | null
  /** How long a predecessor keeps working after its successor is delivered. */
  readonly grace: Milliseconds
  /** A key must not have been used for that long before it is revoked. */
  readonly quiet: Milliseconds
  /** How long before its end of life a key is rotated. */
  readonly renewBefore: Milliseconds
}

/** One key of the configuration, with defaults and roles resolved. Its `scope` and `permissions` are those that do not end. */
export interface DesiredKey {
  readonly keyId: string
  readonly name: string
  /** Empty where none is declared. */
  readonly description: string
  readonly owner: string | null
  /** Null: the platform chooses, and what it chose is left alone. */
  readonly environment: Environment | null
  readonly scope: Scope
  readonly permissions: Permissions
  /** What it has for a time besides: `keyAt` says which of them count at a moment. */
  readonly grants: readonly TemporaryGrant[]
  readonly expires: Lifetime
  readonly rotation: Rotation
  /** At least one. */
  readonly stores: readonly DeclaredStore[]
  /** The secret stays in stores that leave the declaration. */
  readonly keepRemoved: boolean
  readonly protect: boolean
  /** The key id that it had before; null where it was not renamed. */
  readonly previously: string | null
  /** A live key's id, or a name that only one has: it is taken over where this key id has no live key. Null: a new key is made. */
  readonly adopt: string | null
  /** Findings of audit that it answers for. */
  readonly exceptions: readonly AuditException[]
  /** Who uses it; empty where it does not say. */
  readonly consumers: readonly Consumer[]
  readonly position: Position
}

export interface Limits {
  /** Shares of the stack's live managed keys, 0 to 1. */
  readonly revoke: number
  readonly rotate: number
  /** That many are always allowed. */
  readonly always: number
}

/** What a policy, or a run, may forbid: changes that grant more than a key has. */
export const forbiddable = ['widening'] as const
export type Forbidden = (typeof forbiddable)[number]

/** Who signs markers, and whose signatures are proof. */
export interface MarkerSigning {
  /** Ed25519, as SPKI in base64; at least one. Each verifies, and the first belongs to the key that signs. */
  readonly publicKeys: readonly string[]
  /** The environment variable that holds the private key where apply runs; null: nothing is signed. */
  readonly signingKey: string | null
}

/** Everything the configuration says. */
export interface DesiredState {
  readonly stack: string
  /** Names that the stack had before: it takes over what is declared here of their keys. */
  readonly formerly: readonly string[]
  /** Sorted by key id. */
  readonly keys: readonly DesiredKey[]
  readonly prune: {
    readonly removed: 'revoke' | 'retain'
    /** Nothing is declared on purpose, and every key of the stack is released. */
    readonly releaseStack: boolean
    readonly unmanaged: 'ignore' | 'report' | 'revoke'
    /** Null: nobody asks how long a key was not used. */
    readonly unused: { readonly after: Milliseconds; readonly action: 'report' | 'revoke' } | null
    /** Ids, and names with `*` and `?`: unmanaged keys that are never touched. */
    readonly keep: readonly string[]
    /** For keys that nothing declares any more: `quiet` of `defaults.rotate`, or 24 hours. */
    readonly quiet: Milliseconds
  }
  readonly limits: Limits
  /** Null where markers are not signed. */
  readonly marker: MarkerSigning | null
  readonly policy: {
    /** What a plan must not do, unless its run allows it. */
    readonly forbid: readonly Forbidden[]
    /** Who may break glass, for what and how long; empty: nobody and nothing. */
    readonly breakGlass: readonly BreakGlassRule[]
    readonly audit: AuditPolicy
  }
}
