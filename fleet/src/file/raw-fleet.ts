import type { NotifiedEvent, StackMode, StackPriority, Weekday } from './fleet.ts'

/** What a fleet file holds once the schema has accepted it: as written, with nothing filled in. */
export interface RawFleet {
  readonly version?: 1
  readonly accounts?: Readonly<Record<string, RawAccount>>
  readonly defaults?: RawSettings
  readonly stacks?: readonly RawStack[]
  readonly discover?: readonly RawDiscovery[]
  readonly notify?: readonly RawNotifier[]
  readonly retention?: string
}

export interface RawAccount {
  readonly 'api-url'?: string
  readonly credential: RawSecret
}

/** It has exactly one of the properties. */
export interface RawSecret {
  readonly env?: string
  readonly file?: string
  readonly exec?: readonly string[]
  readonly keychain?: { readonly service: string; readonly account: string }
}

export interface RawSettings {
  readonly account?: string
  readonly mode?: StackMode
  readonly interval?: string
  readonly jitter?: string
  readonly windows?: readonly RawWindow[]
  readonly priority?: StackPriority
  readonly owner?: string
  readonly programs?: readonly string[]
  readonly variables?: readonly string[]
}

export interface RawWindow {
  readonly days?: readonly Weekday[]
  readonly from: string
  readonly to: string
  readonly 'time-zone'?: string
}

/** It has exactly one of `folder` and `git`. */
export interface RawStack extends RawSettings {
  readonly name: string
  readonly folder?: string
  readonly git?: RawGit
  readonly config?: readonly string[]
}

export interface RawGit {
  readonly url: string
  readonly revision: string
  readonly path?: string
}

export interface RawDiscovery extends RawSettings {
  readonly glob: string
}

/** It has exactly one of `webhook`, `slack` and `exec`. */
export interface RawNotifier {
  readonly webhook?: { readonly url: string; readonly secret: RawSecret }
  readonly slack?: { readonly url: RawSecret }
  readonly exec?: readonly string[]
  readonly events?: readonly NotifiedEvent[]
  readonly owners?: readonly string[]
}
