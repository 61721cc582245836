import type { Instant } from './duration.ts'

/** What a lock keeps other runs from writing: one stack on one platform. */
export interface LockTarget {
  /** Where the platform lives, as plan files have it: an origin, or `sandbox:` and a path. */
  readonly origin: string
  readonly stack: string
}

/** The process that has a lock, as it said itself. */
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
  /** By a process of another machine or container, which cannot be seen from here. */
  | {
      readonly kind: 'unknown'
      readonly holder: LockHolder | null
      /** When it was last renewed, by the clock of the file system that it is on. */
      readonly changedAt: Instant
    }
