import type { Milliseconds } from '../../../src/model/duration.ts'
import type { ProgramLine } from '../../../src/model/store.ts'

/** What the fleet file means: every default filled in, every path absolute. It holds no secret, only where to find one. */
export interface Fleet {
  /** The fleet file; absolute. */
  readonly file: string
  /** Sorted by name. */
  readonly stacks: readonly FleetStack[]
  readonly notifiers: readonly Notifier[]
  /** How long the ledger keeps history. */
  readonly retention: Milliseconds
}

/** Where a secret is found. `resolveCredential` gets it. */
export type CredentialReference =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** It prints the secret. */
  | { readonly kind: 'exec'; readonly line: ProgramLine }
  | { readonly kind: 'keychain'; readonly service: string; readonly account: string }

export interface FleetAccount {
  readonly name: string
  /** Checked, without a slash at its end. */
  readonly apiUrl: string
  readonly credential: CredentialReference
}

export type StackMode = 'plan' | 'apply'
export type StackPriority = 'high' | 'normal' | 'low'

/** Where the configuration of a stack is. */
export type StackSource =
  /** `path`: absolute. */
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'git'
      readonly url: string
      /** A branch, a tag, or the 40 or 64 digits of a commit. */
      readonly revision: string
      /** Of the folder, relative to the root of the repository; `.` for the root itself. */
      readonly path: string
    }

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/** A time in which an `apply` stack may write. It opens on each of its days, and may end on the day after. */
export interface ChangeWindow {
  /** The days on which it opens, in the order of the week. */
  readonly days: readonly Weekday[]
  /** Minutes after midnight on the clock of the time zone, 0 to 1439. */
  readonly from: number
  /** The same, 1 to 1440; not above `from`: on the next day. */
  readonly to: number
  /** An IANA name. */
  readonly timeZone: string
}

export interface FleetStack {
  /** Unique in the fleet. */
  readonly name: string
  readonly source: StackSource
  /** Files, folders and globs relative to the folder; empty: the standard places in it. */
  readonly config: readonly string[]
  readonly account: FleetAccount
  readonly mode: StackMode
  /** From the end of a run to the next one, at least a minute. */
  readonly interval: Milliseconds
  /** A run starts later by up to this much; below the interval. */
  readonly jitter: Milliseconds
  /** Empty: always open. */
  readonly windows: readonly ChangeWindow[]
  readonly priority: StackPriority
  readonly owner: string | null
  /** The programs that its stores may run, by the names that its declaration has; sorted. */
  readonly programs: readonly string[]
  /** The environment variables that programs of the stack may see beyond the usual ones; sorted. */
  readonly variables: readonly string[]
}

export const notifiedEvents = ['in-sync', 'drifted', 'failing', 'ending'] as const
/** A stack came into this state, or (`ending`) the end of a key comes near. */
export type NotifiedEvent = (typeof notifiedEvents)[number]

export type NotifierTarget =
  /** A POST that is signed with the secret. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: CredentialReference }
  /** The address of an incoming webhook is a secret itself. */
  | { readonly kind: 'slack'; readonly url: CredentialReference }
  /** It reads the notice from its standard input. */
  | { readonly kind: 'exec'; readonly line: ProgramLine }

export interface Notifier {
  readonly target: NotifierTarget
  readonly events: readonly NotifiedEvent[]
  /** It gets what belongs to one of these owners; empty: what belongs to none that another notifier names. */
  readonly owners: readonly string[]
}
