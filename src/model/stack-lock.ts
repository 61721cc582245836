import type { Instant } from './duration.ts'

/** What a lock keeps other runs from writing: one stack on one platform. */
export interface LockTarget {
  /** Where the platform lives, as plan files have it: an origin, or `sandbox:` and a path. */
  readonly origin: string
  readonly stack: string
}

/** The run that has a lock, as it said itself. */
export interface LockHolder {
  readonly pid: number
  readonly host: string
  readonly command: string | null
  /** By the clock of its machine. */
  readonly since: Instant | null
}

/** What stands at the place of a lock; the holder is null where its file cannot be read. */
export type LockState =
  | { readonly kind: 'free' }
  /** By a run that is at work. */
  | { readonly kind: 'held'; readonly holder: LockHolder }
  /** By a run that is gone. */
  | { readonly kind: 'left-behind'; readonly holder: LockHolder }
  /** By nobody that could be seen from here: it belongs to another machine or container. */
  | { readonly kind: 'unknown'; readonly holder: LockHolder | null }
