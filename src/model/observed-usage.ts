import type { Instant } from './duration.ts'

/** Numbers of requests by name. */
export type Counts = ReadonlyMap<string, number>

/**
 * What a key was seen to be used for in an unbroken time. Figures of several looks overlap, so the counts are what is certain: at least that many.
 */
export interface ObservedUsage {
  readonly from: Instant
  readonly to: Instant
  /** Names are days in UTC: `2026-01-31`. */
  readonly byDay: Counts
  /** By the platform's names of its operations. */
  readonly byOperation: Counts
  readonly byProject: Counts
  /** Operation, then project; null where the platform does not say. */
  readonly byOperationAndProject: ReadonlyMap<string, Counts> | null
  /** Null where the platform does not say. */
  readonly addresses: readonly { readonly ip: string; readonly requests: number }[] | null
}

export const usageGaps = {
  'not-needed': 'no rule that is on needs it',
  budget: 'the requests that this run may make were used up',
  'no-answer': 'the platform gave no figures',
  'too-short': 'the figures do not cover the window',
} as const

export type UsageGap = keyof typeof usageGaps

/** Usage of one live key, or why there is none. Missing figures prove nothing. */
export type UsageFacts =
  | { readonly known: true; readonly usage: ObservedUsage }
  | {
      readonly known: false
      readonly gap: UsageGap
      /** What is known anyway, where the window is longer. */
      readonly partial: ObservedUsage | null
    }
