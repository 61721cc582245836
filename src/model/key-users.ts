import type { AffectedConsumer } from './affected-consumer.ts'
import type { SeenUse } from './consumer.ts'
import type { Instant, Milliseconds } from './duration.ts'

/** A use that no declared consumer can have made. */
export type UnknownUse =
  | {
      readonly kind: 'addresses'
      /** More than one where any of them may be ours: then it is one of them at least. */
      readonly addresses: readonly { readonly ip: string; readonly requests: number }[]
    }
  | {
      readonly kind: 'operation'
      /** Null where the platform does not join operations and projects. */
      readonly operation: string | null
      readonly project: string | null
      readonly requests: number
    }
  | ({ readonly kind: 'last-use' } & SeenUse)

export const whyUnknown = {
  'no-live-key': 'the key has no live key yet',
  'no-figures': 'the platform gave no figures of a live key',
  budget: 'the requests that this run may make were used up',
  'too-young': 'its oldest live key is younger than that',
  'too-long': 'the figures of the platform do not go back so far',
  'list-incomplete': 'the platform did not list every key',
} as const

export type WhyUnknown = keyof typeof whyUnknown

export interface ConsumerStatus {
  readonly name: string
  readonly every: Milliseconds
  readonly status:
    /** Nobody else who is declared can have done something that was seen in that time. */
    | 'seen'
    /** It may have been, and so may another. */
    | 'perhaps'
    /** It did nothing in that time, as the figures prove. */
    | 'silent'
    | 'unknown'
  /** Of `unknown` alone. */
  readonly why: WhyUnknown | null
}

/** Who used a declared key, held against the consumers that it declares. */
export interface KeyUsers {
  readonly keyId: string
  readonly name: string
  readonly liveIds: readonly string[]
  /** Of `unknown`, in whole days. */
  readonly windowDays: number
  /** Null: there are figures of the whole window. */
  readonly gap: WhyUnknown | null
  readonly consumers: readonly ConsumerStatus[]
  /** Everything that was seen, where the key declares no consumer. */
  readonly unknown: readonly UnknownUse[]
  readonly notMoved: readonly AffectedConsumer[]
}

export interface WhoReport {
  readonly stack: string
  /** The server's clock at the listing. */
  readonly now: Instant
  /** Sorted by key id. */
  readonly keys: readonly KeyUsers[]
  readonly requests: number
}
