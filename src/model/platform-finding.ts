import type { Instant } from './duration.ts'

/** What the planner has to say of the platform itself: of what it lacks, or says that cannot be. */
export type PlatformFinding =
  /** A live key that cannot be understood. `keyId`: the key id of this stack that is left alone for it. */
  | {
      readonly severity: 'warning'
      readonly code: 'key-unreadable'
      readonly keyId: string | null
      readonly liveId: string | null
      readonly name: string | null
      readonly trouble: string
    }
  /** The platform's clock contradicts the last use of a key, so nothing is revoked: `keyIds` would be. */
  | {
      readonly severity: 'warning'
      readonly code: 'clock-contradicted'
      readonly keyIds: readonly string[]
      readonly liveId: string
      readonly lastUse: Instant
      readonly at: Instant
    }
  /** The platform does not say the environment of any key, and these declare one. */
  | {
      readonly severity: 'warning'
      readonly code: 'environment-unsupported'
      readonly keyIds: readonly string[]
    }
