import type { Instant, Milliseconds } from '../model/duration.ts'
import type { LogLine } from '../model/log.ts'

/** The right to write one stack, for as long as it is renewed. */
export interface StackLease {
  /** Goes up by one each time somebody takes the lease of this stack. */
  readonly epoch: number
  /** Aborted as soon as it is known that somebody else has it, or that it was not renewed in time. */
  readonly lost: AbortSignal
  /** Throws a Failure (conflict) where a renewal is late by the clocks of this machine. Asks nobody. */
  requireHeld(): void
  release(): Promise<void>
}

/** Who has a lease, as far as the database knows. */
export interface LeaseHolder {
  readonly command: string
  readonly host: string
  readonly user: string
  readonly since: Instant
}

export type TakenLease =
  { readonly lease: StackLease } | { readonly lease: null; readonly holder: LeaseHolder | null }

/** A stack of one platform. */
export interface StackTarget {
  readonly origin: string
  readonly stack: string
}

/** Under what a run appears in the history of a fleet. */
export interface LedgerPlace extends StackTarget {
  /** Null: it wrote without a lease. */
  readonly epoch: number | null
  /** The name in the fleet file; null: somebody ran it by hand, or in CI. */
  readonly fleetStack: string | null
}

/** What a run of a replica has from it. */
export interface Replica {
  readonly database: FleetDatabase
  /** The name of the stack in the fleet file. */
  readonly fleetStack: string
}

/** What the platform said of the use of a key, on the day on which it was asked. */
export interface UsageLook {
  readonly liveId: string
  /** In UTC, `2026-01-31`. */
  readonly day: string
  readonly requests: number
  /** JSON. */
  readonly body: unknown
}

/** Whose keys they are. */
export interface UsageOwner {
  readonly origin: string
  readonly account: string
}

/** The database of a fleet, as far as runs of one stack need it. Every call rejects with a Failure and nothing else. */
export interface FleetDatabase {
  takeLease(
    target: StackTarget,
    asked: {
      readonly command: string
      readonly host: string
      readonly user: string
      readonly patience: Milliseconds
      readonly onWait: (holder: LeaseHolder | null) => void
    },
  ): Promise<TakenLease>
  append(place: LedgerPlace, line: LogLine): Promise<void>
  /** Oldest first; `since`: runs that began then or later. */
  readLog(choice: {
    readonly origin: string | null
    readonly stack: string | null
    readonly since: Instant | null
  }): Promise<readonly LogLine[]>
  /** Looks of that day or later, oldest first. */
  readUsage(whose: UsageOwner, since: string): Promise<readonly UsageLook[]>
  recordUsage(whose: UsageOwner, looks: readonly UsageLook[]): Promise<void>
  close(): Promise<void>
}
