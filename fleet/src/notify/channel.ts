import { createHash } from 'node:crypto'
import { type Severity, compareSeverity } from '../../../src/model/audit-rule.ts'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import type { ProgramLine } from '../../../src/model/store.ts'
import type { Fact } from './notice.ts'

/** What a channel may ask for. A rotation that failed counts as `failing`, and a finding as `drifted`. */
export type NoticeEvent = 'in-sync' | 'drifted' | 'failing' | 'ending'

/** Where a notice goes. The address may hold a token, as Slack's do, so it is a secret, and messages name the channel instead. */
export type NoticeTarget =
  /** `secret` signs each call. */
  | { readonly kind: 'webhook'; readonly url: Secret; readonly secret: Secret }
  | { readonly kind: 'slack'; readonly url: Secret }
  | {
      readonly kind: 'exec'
      readonly line: ProgramLine
      /** The variables that it gets besides PATH, HOME and the like. */
      readonly variables: readonly string[]
    }

export interface NoticeChannel {
  /** Of one channel the same in every replica and after every start; the name that messages have. */
  readonly name: string
  readonly target: NoticeTarget
  /** Of each try. */
  readonly timeout: Milliseconds
  readonly events: readonly NoticeEvent[]
  /** It gets what belongs to one of these owners; empty: what belongs to none that another channel names. */
  readonly owners: readonly string[]
  /** Findings below that are left out. */
  readonly findingsFrom: Severity
}

export const usualTimeout: Milliseconds = 10 * second

/** A name for a channel that the fleet file gives none: what kind it is, and a hash of what the file says of it. */
export function channelName(kind: NoticeTarget['kind'], declaration: object): string {
  const digest = createHash('sha256').update(JSON.stringify(declaration)).digest('hex')
  return `${kind}-${digest.slice(0, 8)}`
}

function eventOf(fact: Fact): NoticeEvent {
  switch (fact.kind) {
    case 'stack-state':
      return fact.state
    case 'finding':
      return 'drifted'
    case 'key-end':
      return 'ending'
    case 'rotation':
      return 'failing'
  }
}

/** Who has to know a fact. A channel that gets notices of one state of a stack keeps track of the others. */
export function channelsFor(channels: readonly NoticeChannel[], fact: Fact): readonly NoticeChannel[] {
  const { owner } = fact
  const own = owner === null ? [] : channels.filter(({ owners }) => owners.includes(owner))
  const responsible = own.length > 0 ? own : channels.filter(({ owners }) => owners.length === 0)
  return responsible.filter(
    ({ findingsFrom }) => fact.kind !== 'finding' || compareSeverity(fact.severity, findingsFrom) >= 0,
  )
}

/** Is the channel told, or does it only keep track? */
export function wants({ events }: NoticeChannel, fact: Fact): boolean {
  return events.includes(eventOf(fact))
}
