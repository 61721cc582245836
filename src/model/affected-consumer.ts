import type { Instant } from './duration.ts'

/** What a plan means for a declared consumer of a key. */
export interface AffectedConsumer {
  readonly keyId: string
  /** Null: somebody whom the key does not declare. */
  readonly consumer: string | null
  readonly effect:
    /** It has to read the new secret while the old one still works. */
    | 'reads-anew'
    /** Its secret stops working at once. */
    | 'cut-off'
    /** It loses a permission or a project that it is declared to use, or to use perhaps. */
    | 'narrowed'
    /** Its last use was of a key that this plan revokes. */
    | 'revoked'
    /** It was seen on a key since that retires: it has not read the new secret. */
    | 'not-moved'
  /** The live key that it is about. */
  readonly liveId: string
  /** The use that shows it; null where the declaration alone does. */
  readonly seenAt: Instant | null
  /** False where more than one consumer may have been seen. */
  readonly certain: boolean
}
