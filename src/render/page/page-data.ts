import type { Severity } from '../../model/audit-rule.ts'
import type { FleetState } from '../../model/fleet-status.ts'
import type { PermissionUse } from '../../model/inventory.ts'

/** Seconds since 1970 in UTC. */
export type Seconds = number

/** One live key in the story of a key. */
export interface PageGeneration {
  readonly id: string
  readonly generation: number | null
  readonly state: string
  readonly masked: string
  readonly created: Seconds
  readonly ends: Seconds | null
  readonly lastUse: PageUse
}

/** `null`: never used; a word: nobody can say when. */
export type PageUse = Seconds | null | 'unknown' | 'hidden'

/** One letter for each, since a page may hold tens of thousands of them. */
export const permissionUses = {
  u: 'used',
  n: 'unused',
  q: 'unknown',
  d: 'denied',
} as const satisfies Readonly<Record<string, PermissionUse>>
export type PermissionLetter = keyof typeof permissionUses

/** One key of the page. What is empty or usual is left out, so that 5,000 of them stay small. */
export interface PageKey {
  /** Its key id; of a key that nothing declares, its live id. */
  readonly key: string
  /** Nothing declares it. */
  readonly undeclared?: true
  readonly name: string
  readonly description?: string
  readonly owner?: string
  readonly environment?: string
  /** Absent: all projects. */
  readonly projects?: readonly string[]
  /** Permission, and what is known of its use. */
  readonly permissions: Readonly<Record<string, PermissionLetter>>
  /** As of the key at work; `not created` where it has no live key. */
  readonly state: string
  readonly protected?: true
  readonly made?: Seconds
  readonly ends?: Seconds
  /** In seconds. */
  readonly maxAge?: number
  readonly lastUse?: PageUse
  readonly position?: { readonly file: string; readonly line: number }
  readonly stores?: readonly string[]
  /** The key at work first. */
  readonly generations?: readonly PageGeneration[]
  /** Requests in each step of the window, the oldest first; absent: none was counted. */
  readonly use?: readonly number[]
  /** Why the figures do not cover the window. */
  readonly unseen?: string
}

export interface PageFinding {
  /** The index of its key; absent where the page does not have it. */
  readonly at?: number
  /** As a person knows the key. */
  readonly key: string
  readonly severity: Severity
  readonly rule: string
  readonly message: string
  readonly remedy: string
  readonly position?: { readonly file: string; readonly line: number }
  /** An exception answers for it until then. */
  readonly excepted?: { readonly until: Seconds; readonly reason: string }
}

export const eventKinds = ['rotates', 'narrows', 'retires', 'expires'] as const
export type EventKind = (typeof eventKinds)[number]

export interface PageEvent {
  readonly at: Seconds
  readonly event: EventKind
  readonly index?: number
  readonly key: string
  readonly why: string
}

/** What a run did to a key, as the history has it. */
export interface PagePast {
  readonly at: Seconds
  readonly index?: number
  /** In words: `rotated`, `failed to update`. */
  readonly what: string
  readonly why: string
}

/** What the next apply does to a key, or why it waits. */
export interface PageChange {
  /** A word of the plan: `create`, `rotate`; `deferred`, `retiring`. */
  readonly action: string
  readonly index?: number
  readonly key: string
  readonly reasons: readonly string[]
  readonly fields: readonly {
    readonly field: string
    readonly current: string
    readonly desired: string
    /** The platform was changed since it was applied. */
    readonly drift: boolean
    readonly widens: boolean
  }[]
}

export interface PageNote {
  readonly severity: 'refusal' | 'held' | 'warning'
  readonly message: string
  readonly hint: string
}

/** One stack. */
export interface PageStack {
  readonly stack: string
  readonly platform: string | null
  readonly account: string | null
  /** The moment that it is about: the platform's clock. */
  readonly at: Seconds
  /** Whole days of use. */
  readonly windowDays: number
  /** Of the figures of use: when they begin, and how long a step is. */
  readonly use: { readonly from: Seconds; readonly step: number; readonly steps: number }
  readonly keys: readonly PageKey[]
  readonly findings: readonly PageFinding[]
  /** Of the next 90 days, the earliest first. */
  readonly events: readonly PageEvent[]
  readonly changes: readonly PageChange[]
  /** The latest first; absent: nobody keeps a history. */
  readonly past?: readonly PagePast[]
  /** What a plan says besides; null: no plan was made, so nothing is known of changes and drift. */
  readonly plan: { readonly refused: boolean; readonly notes: readonly PageNote[] } | null
  readonly notLookedAt: readonly {
    readonly rules: readonly string[]
    readonly why: string
    readonly keys: number
  }[]
}

export interface PageFleetStack {
  /** In the fleet file. */
  readonly name: string
  readonly state: FleetState
  readonly since: Seconds
  readonly failures: number
  readonly problem: string | null
  readonly lastRun: Seconds | null
  readonly nextRun: Seconds
  /** Who writes it now. */
  readonly holder: string | null
}

/** A fleet, as its database knows it. */
export interface PageFleet {
  readonly at: Seconds
  readonly totals: Readonly<Record<FleetState, number>>
  /** The worst first; of many, the first ones. */
  readonly stacks: readonly PageFleetStack[]
  /** The next events of all stacks, the earliest first. */
  readonly soon: readonly { readonly name: string; readonly event: string; readonly at: Seconds }[]
  readonly credentials: readonly {
    readonly name: string
    readonly remaining: number
    readonly capacity: number
    /** `rotate 14`: what the last hour took. */
    readonly used: readonly string[]
  }[]
}

/** Everything that a page shows. No secret is in it. */
export interface PageData {
  readonly version: string
  readonly stacks: readonly PageStack[]
  /** What could not be brought up to date, and why; empty in a file. */
  readonly troubles: readonly string[]
  /** Absent: the page is about no fleet. */
  readonly fleet?: PageFleet
}

/** How far the timeline reaches. */
export const timelineDays = 90
