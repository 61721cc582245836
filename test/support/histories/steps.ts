import type { CrashPoint } from '../../../src/apply/crash-points.ts'
import type { DesiredKey, DesiredState } from '../../../src/model/desired.ts'
import type { Permissions } from '../../../src/model/permission.ts'
import type { Scope } from '../../../src/model/scope.ts'

/** Where the two machines keep the secrets of a key. `sealed` cannot be read back; the last two are the same on every machine. */
export const storeKinds = ['keychain', 'env-file', 'shared', 'sealed'] as const
export type StoreKind = (typeof storeKinds)[number]

/** A block of the configuration. Durations are hours. */
export interface KeySettings {
  readonly name: string
  readonly description: string
  readonly environment: DesiredKey['environment']
  readonly scope: Scope
  readonly permissions: Permissions
  /** Hours from each making on, a date that many hours after the history begins, or never. */
  readonly expires: { readonly every: number } | { readonly until: number } | 'never'
  readonly strategy: DesiredKey['rotation']['strategy']
  readonly maxAge: number | null
  readonly grace: number
  readonly quiet: number
  readonly stores: readonly StoreKind[]
  readonly keepRemoved: boolean
  readonly protect: boolean
  readonly adopt: string | null
}

export interface Rules {
  readonly removed: DesiredState['prune']['removed']
  readonly unmanaged: DesiredState['prune']['unmanaged']
  readonly unused: { readonly hours: number; readonly action: 'report' | 'revoke' } | null
  readonly keep: readonly string[]
  /** `limits.always`; the shares are 25%. */
  readonly always: number
}

/** What somebody does in the web page to the `nth` key that is alive. */
export type PersonStep =
  | {
      readonly do: 'edit'
      readonly nth: number
      readonly to:
        | { readonly name: string }
        | { readonly scope: Scope }
        | { readonly permissions: Permissions }
        | { readonly ends: number | 'never' }
        | { readonly text: 'rewritten' | 'marker wiped' | 'marker garbled' }
        /** Pastes the description of another key, marker included. */
        | { readonly like: number }
    }
  | { readonly do: 'regenerate' | 'delete' | 'delete head'; readonly nth: number }
  /** `like`: from a template, whose description is that of another key, marker included. */
  | { readonly do: 'make'; readonly name: string; readonly like?: number }
  /** Somebody who may manage keys, and little else, makes her key look like one of ours. */
  | {
      readonly do: 'attack'
      readonly nth: number
      readonly how: 'twin' | 'high generation' | 'past grace' | 'unfinished' | 'made anew'
    }

/** Which key of a stack a step is about: the nth declared one, so that a smaller history still makes sense. */
type Nth = number

export interface Ask {
  readonly rotate: { readonly nth: Nth; readonly leaked: boolean } | null
  readonly takeOver: boolean
  readonly inUse: Nth | null
  readonly unlimited: boolean
  readonly only: Nth | null
}

export interface PlainApply {
  readonly do: 'apply'
  readonly stack: number
  readonly host: number
  /** Calls with the secret of that declared key, where it may manage keys; null: a person's token. */
  readonly as: Nth | null
  readonly ask: Ask
}

export interface Apply extends PlainApply {
  /** The process dies there, the `count`th time. */
  readonly kill: { readonly at: CrashPoint; readonly count: number } | null
  /** A store that is locked: found out by the probe, or by the put. */
  readonly locked: { readonly store: StoreKind; readonly by: 'probe' | 'put' } | null
  /** What happens on the platform before the nth request of the run. */
  readonly meanwhile: { readonly request: number; readonly step: PersonStep | PlainApply } | null
  readonly parallelism: number
}

export type Step =
  | Apply
  | PersonStep
  /** Consumers call at both ends of it, or nobody does. */
  | {
      readonly do: 'wait'
      readonly hours: number
      readonly calling: boolean
      /** So often, in hours, they call in between. */
      readonly rhythm?: number
    }
  /** All stores are saved, or put back to what they held then. */
  | { readonly do: 'backup' | 'restore' }
  /** Somebody looks with our program whether stored secrets work, which the platform shows as their last use. */
  | { readonly do: 'verify' }
  /** The server's clock jumps. */
  | { readonly do: 'jump'; readonly minutes: number }
  /** Consumers read what is stored and call with it. */
  | { readonly do: 'call' }
  /** Consumers call with what they read before. */
  | { readonly do: 'call again' }
  | {
      readonly do: 'declare'
      readonly stack: number
      readonly key: string
      readonly settings: KeySettings
    }
  | {
      readonly do: 'change'
      readonly stack: number
      readonly nth: Nth
      readonly settings: Partial<KeySettings>
    }
  | { readonly do: 'remove' | 'rename'; readonly stack: number; readonly nth: Nth }
  /** The stack gets another name; `forgets`: without saying what it was called, until somebody remembers. */
  | { readonly do: 'rename stack'; readonly stack: number; readonly forgets: boolean }
  | { readonly do: 'remember'; readonly stack: number }
  | { readonly do: 'rules'; readonly stack: number; readonly rules: Rules }

/** A team's years, as data: a failing one prints as what it is, and shrinks. */
export interface History {
  /** How long a request takes on the server, in milliseconds. */
  readonly tick: number
  /** How wrong the clock of each machine is, in minutes, where the platform sends no date; null: it does. */
  readonly dateless: readonly [number, number] | null
  readonly steps: readonly Step[]
}

/** `{ at: 'x', count: 2 }` as `at x, count 2`; what is null, false or empty is left out. */
function told(value: unknown): string {
  if (Array.isArray(value)) return value.map(told).join('+')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .filter(([, part]) => part !== null && part !== false && told(part) !== '')
    .map(([name, part]) => (part === true ? name : `${name} ${told(part)}`))
    .join(', ')
}

/** One step as a line. */
export function inWords(step: Step | PlainApply): string {
  const { do: what, ...rest } = step
  return `${what} ${told(rest)}`.trim()
}
