import type { Instant } from './duration.ts'

/** The worst first. `new`: it has not run yet. */
export const fleetStates = ['failing', 'drifted', 'new', 'in-sync'] as const
export type FleetState = (typeof fleetStates)[number]

/** What a request to the platform is for; the most urgent first. */
export const requestLanes = ['leaked', 'heal', 'create', 'rotate', 'plan'] as const
export type RequestLane = (typeof requestLanes)[number]

/** One stack of a fleet. */
export interface FleetStackStatus {
  /** In the fleet file. */
  readonly name: string
  readonly origin: string
  readonly stack: string
  /** Null: no run has asked the platform yet. */
  readonly account: string | null
  readonly mode: 'plan' | 'apply'
  readonly state: FleetState
  readonly since: Instant
  /** Runs in a row that failed. */
  readonly failures: number
  /** What is wrong, in words of ours and of others; null: nothing. */
  readonly problem: string | null
  /** When the last run ended; null: none has. */
  readonly lastRun: Instant | null
  readonly exitCode: number | null
  readonly nextRun: Instant
  /** The next rotation, end or retirement of a key of this stack; null: none is known. */
  readonly nextEvent: { readonly event: string; readonly at: Instant } | null
  /** Who writes the stack now; null: nobody. */
  readonly holder: { readonly command: string; readonly host: string; readonly since: Instant } | null
}

/** The requests of one credential. */
export interface FleetCredentialStatus {
  /** The first characters of its hash. */
  readonly credential: string
  /** Null: not known. */
  readonly account: string | null
  readonly remaining: number
  readonly capacity: number
  /** When the whole capacity is there again; null: it comes back evenly. */
  readonly resetsAt: Instant | null
  /** Within about an hour: what is counted by the hour is taken in part. */
  readonly used: Readonly<Record<RequestLane, number>>
}

/** A whole fleet, as its database knows it. No secret is in it. */
export interface FleetStatus {
  readonly at: Instant
  readonly totals: Readonly<Record<FleetState, number>>
  /** The worst state first, then by name. */
  readonly stacks: readonly FleetStackStatus[]
  /** Of them, the one that has least left first. */
  readonly credentials: readonly FleetCredentialStatus[]
}
