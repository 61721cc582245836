import type { Severity } from '../../../src/model/audit-rule.ts'
import { type Instant, day } from '../../../src/model/duration.ts'
import type { FleetState } from '../../../src/model/fleet-status.ts'
import { plural } from '../../../src/model/plural.ts'
import { pageText } from '../../../src/render/page/page-text.ts'
import { date, isoTime } from '../../../src/render/text/time.ts'
import { masked } from '../log/masked.ts'

/** The stack that a fact is about. */
export interface NoticeStack {
  /** In the fleet file. */
  readonly name: string
  readonly origin: string
  readonly account: string | null
}

/** What a run found out, whether it is news or not. What was told before is not told again. */
export type Fact = NoticeStack & { readonly owner: string | null } & (
    | {
        readonly kind: 'stack-state'
        readonly state: Exclude<FleetState, 'new'>
        readonly problem: string | null
      }
    | {
        readonly kind: 'finding'
        readonly fingerprint: string
        readonly rule: string
        readonly severity: Severity
        readonly keyId: string | null
        readonly message: string
        readonly state: 'open' | 'reopened' | 'resolved' | 'suppressed'
      }
    | { readonly kind: 'key-end'; readonly keyId: string; readonly ends: Instant }
    | {
        readonly kind: 'rotation'
        readonly keyId: string
        readonly failed: boolean
        readonly problem: string
      }
  )

/** As a webhook and a program get it: see schemas/notice.schema.json. */
export interface Notice {
  readonly format_version: '1.0'
  /** The same for each try to deliver it: who gets two of one id got it twice. */
  readonly id: string
  /** When the fact was first known, ISO 8601 in UTC. */
  readonly at: string
  readonly kind: Fact['kind']
  readonly level: 'info' | 'warning' | 'critical'
  /** One line. */
  readonly title: string
  /** Details; empty where the title is all. */
  readonly text: string
  readonly stack: string
  readonly platform: string
  readonly account: string | null
  readonly key: string | null
  readonly owner: string | null
  readonly state: string
}

/** How many days before its end notices name a key, again each time. */
export const endSteps = [30, 14, 7, 3, 1] as const

/** How many of the steps have come; 0: the end is far away. */
export function endStep(ends: Instant, now: Instant): number {
  return endSteps.filter(days => ends - now <= days * day).length
}

/** The door for every text of a notice: no secret, no address, no person, nothing that acts on a screen. */
function safe(text: string): string {
  return pageText(false)(masked(text))
}

interface Words {
  readonly level: Notice['level']
  readonly title: string
  readonly text: string
  readonly key: string | null
  readonly state: string
}

function stateWords(name: string, { state, problem }: Extract<Fact, { kind: 'stack-state' }>): Words {
  const words = { 'in-sync': 'is in sync', drifted: 'has drifted', failing: 'fails' } as const
  const levels = { 'in-sync': 'info', drifted: 'warning', failing: 'critical' } as const
  return { level: levels[state], title: `${name} ${words[state]}`, text: problem ?? '', key: null, state }
}

function findingWords(name: string, fact: Extract<Fact, { kind: 'finding' }>): Words {
  const { rule, severity, keyId, message, state } = fact
  const words = {
    open: 'New finding',
    reopened: 'Finding again',
    resolved: 'Finding resolved',
    suppressed: 'Finding excepted',
  } as const
  const isUrgent = severity === 'critical' || severity === 'high'
  return {
    level: state === 'resolved' || state === 'suppressed' ? 'info' : isUrgent ? 'critical' : 'warning',
    title: `${words[state]} in ${name}: ${rule} (${severity})`,
    text: message,
    key: keyId,
    state,
  }
}

function endWords(name: string, { keyId, ends }: Extract<Fact, { kind: 'key-end' }>, now: Instant): Words {
  const left = Math.floor((ends - now) / day)
  const when = ends <= now ? 'has ended' : left < 1 ? 'ends within a day' : `ends in ${plural(left, 'day')}`
  return {
    level: left < 3 ? 'critical' : 'warning',
    title: `Key ${keyId} of ${name} ${when}`,
    text: `Its end is ${date(ends)}, and no rotation before it is planned.`,
    key: keyId,
    state: isoTime(ends),
  }
}

function wordsOf(fact: Fact, now: Instant): Words {
  switch (fact.kind) {
    case 'stack-state':
      return stateWords(`Stack ${fact.name}`, fact)
    case 'finding':
      return findingWords(`stack ${fact.name}`, fact)
    case 'key-end':
      return endWords(`stack ${fact.name}`, fact, now)
    case 'rotation': {
      const { keyId, name, problem, failed } = fact
      const state = failed ? 'failed' : 'done'
      return {
        level: failed ? 'critical' : 'info',
        title: `The rotation of key ${keyId} of stack ${name} ${failed ? 'failed' : 'is done'}`,
        text: problem,
        key: keyId,
        state,
      }
    }
  }
}

/** `since`: when the fact was first known. */
export function noticeOf(
  fact: Fact,
  { id, since, now }: { readonly id: string; readonly since: Instant; readonly now: Instant },
): Notice {
  const { level, title, text, key, state } = wordsOf(fact, now)
  return {
    format_version: '1.0',
    id,
    at: isoTime(since),
    kind: fact.kind,
    level,
    title: safe(title),
    text: safe(text),
    stack: safe(fact.name),
    platform: safe(fact.origin),
    account: fact.account === null ? null : safe(fact.account),
    key: key === null ? null : safe(key),
    owner: fact.owner === null ? null : safe(fact.owner),
    state,
  }
}
