import type { Change } from './change.ts'
import type { FailureCode } from './failure.ts'
import type { LastUse } from './live-key.ts'

/**
 * It was taken out, and is not there any more; the store, which cannot be read, was asked to remove it, and says that it did;
 * there was none; or something else is there by now, which is left alone.
 */
export type RemovalResult = 'taken-out' | 'unconfirmed' | 'empty' | 'left-alone'

/** What came of one change. The failure of one change is an outcome, not an exception. */
export type Outcome = { readonly change: Change } & (
  | {
      readonly status: 'done'
      /** What was really done: a heal or a delivery may have needed a new generation. */
      readonly action:
        'created' | 'adopted' | 'updated' | 'rotated' | 'delivered' | 'healed' | 'released' | 'revoked'
      readonly liveId: string
      /** Where its secret is now, as each store says it; empty where no secret moved. */
      readonly places: readonly string[]
      /** The stores that its declaration lost, with what became of its secret there. */
      readonly removed: readonly { readonly store: string; readonly result: RemovalResult }[]
    }
  | {
      readonly status: 'failed'
      readonly code: FailureCode
      readonly message: string
      readonly hints: readonly string[]
    }
  /** Not begun, because the run was interrupted or had to stop, or because something before it failed (revocations only). */
  | { readonly status: 'skipped'; readonly why: 'interrupted' | 'stopped' | 'earlier-failure' }
  /** The key came into use after the plan was made. */
  | { readonly status: 'held'; readonly lastUse: LastUse }
)

/** What a run did, in the order of its plan. */
export interface Report {
  readonly outcomes: readonly Outcome[]
  readonly interrupted: boolean
}

/** What a run tells while it works. */
export type Progress =
  | { readonly event: 'started'; readonly change: Change; readonly step: string }
  | { readonly event: 'finished'; readonly outcome: Outcome }
