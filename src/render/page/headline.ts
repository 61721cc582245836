import { type Severity, severities } from '../../model/audit-rule.ts'
import { type VNode, h } from './element.mjs'
import type { PageChange, PageStack } from './page-data.ts'
import type { EventRow, PageModel, Row } from './page-model.ts'
import { badge, button, count, dayAndDistance, foreign, minute, plural } from './page-parts.ts'

/** Is anything wrong? `bad`: somebody has to act now. */
export type Level = 'bad' | 'warn' | 'good'

export interface Headline {
  readonly level: Level
  readonly title: string
  /** What it rests on, a sentence each. */
  readonly reasons: readonly string[]
}

export function countBySeverity(model: Pick<PageModel, 'findings'>): Readonly<Record<Severity, number>> {
  const counts = Object.fromEntries(severities.map(severity => [severity, 0])) as Record<Severity, number>
  for (const { finding } of model.findings) if (finding.excepted === undefined) counts[finding.severity] += 1
  return counts
}

function severityText(counts: Readonly<Record<Severity, number>>, some: readonly Severity[]): string {
  return some
    .filter(severity => counts[severity] > 0)
    .map(severity => `${count(counts[severity])} ${severity}`)
    .join(', ')
}

const urgent: readonly Severity[] = ['critical', 'high']
const lesser: readonly Severity[] = ['medium', 'low', 'info']

const ended = ({ key, stack }: Row) => key.ends !== undefined && key.ends <= stack.at
const leaked = ({ key }: Row) => key.generations?.some(({ state }) => state === 'leaked') ?? false

interface Fact {
  readonly level: Level
  readonly text: string
}

function facts(model: PageModel): readonly Fact[] {
  const { rows, data } = model
  const counts = countBySeverity(model)
  const sum = (some: readonly Severity[]) => some.reduce((total, severity) => total + counts[severity], 0)
  const notes = data.stacks.flatMap(({ plan }) => plan?.notes ?? [])
  const refused = data.stacks.filter(({ plan }) => plan?.refused === true).length
  const held = notes.filter(({ severity }) => severity === 'held').length
  const drifted = rows.filter(row => row.drifted).length
  const fleet = data.fleet?.totals ?? { failing: 0, drifted: 0 }
  const unmanaged = rows.filter(({ key }) => key.undeclared === true).length
  const some = (level: Level, amount: number, text: string): readonly Fact[] =>
    amount === 0 ? [] : [{ level, text }]
  return [
    ...some('bad', sum(urgent), `${plural(sum(urgent), 'urgent finding')}: ${severityText(counts, urgent)}.`),
    ...some('bad', rows.filter(leaked).length, `${plural(rows.filter(leaked).length, 'key')} leaked.`),
    ...some('bad', rows.filter(ended).length, `${plural(rows.filter(ended).length, 'key')} ended already.`),
    ...some(
      'bad',
      refused,
      refused === 1
        ? 'A plan is refused: apply would do nothing.'
        : `${plural(refused, 'plan')} are refused.`,
    ),
    ...some('bad', fleet.failing, `${plural(fleet.failing, 'failing stack')} in the fleet.`),
    ...some('warn', fleet.drifted, `${plural(fleet.drifted, 'drifted stack')} in the fleet.`),
    ...some('warn', held, `${plural(held, 'change')} held back.`),
    ...some(
      'warn',
      sum(lesser),
      `${plural(sum(lesser), 'finding')} of less weight: ${severityText(counts, lesser)}.`,
    ),
    ...some('warn', drifted, `${plural(drifted, 'key')} changed on the platform since the last apply.`),
    ...some('warn', unmanaged, `${plural(unmanaged, 'key')} that nothing declares.`),
    ...data.troubles.map((text): Fact => ({ level: 'bad', text })),
  ]
}

const titles: Readonly<Record<Level, string>> = {
  bad: 'Something is wrong',
  warn: 'Nothing is urgent, some things need a look',
  good: 'Nothing is wrong',
}

/** Is anything wrong, and why. Pure. */
export function headlineOf(model: PageModel): Headline {
  const found = facts(model)
  const level = found.some(fact => fact.level === 'bad') ? 'bad' : found.length > 0 ? 'warn' : 'good'
  const unplanned = model.data.stacks.some(({ plan }) => plan === null)
  return {
    level,
    title: titles[level],
    reasons: [
      ...found.map(({ text }) => text),
      ...(found.length === 0 ? [`${plural(model.rows.length, 'key')}, no finding, no drift.`] : []),
      ...(unplanned ? ['No plan is part of this report, so drift and changes are unknown.'] : []),
    ],
  }
}

const verbs: Readonly<Record<string, string>> = {
  create: 'create',
  update: 'update',
  rotate: 'rotate',
  deliver: 'deliver again',
  heal: 'heal',
  adopt: 'adopt',
  release: 'release',
  revoke: 'revoke',
}

function applyText(changes: readonly PageChange[]): string {
  const words = Object.entries(verbs).flatMap(([action, verb]) => {
    const amount = changes.filter(change => change.action === action).length
    return amount === 0 ? [] : [`${count(amount)} to ${verb}`]
  })
  return words.length === 0 ? 'The next apply has nothing to do.' : `The next apply: ${words.join(', ')}.`
}

const happens = {
  rotates: 'rotates',
  narrows: 'loses a temporary grant',
  retires: 'is revoked',
  expires: 'ends, and nothing renews it',
} as const

function eventText({ event, stack }: EventRow): VNode {
  return h('span', null, foreign(event.key), ` ${happens[event.event]} `, dayAndDistance(event.at, stack.at))
}

function nextLines(model: PageModel): readonly VNode[] {
  const planned = model.data.stacks.some(({ plan }) => plan !== null)
  const [first] = model.events
  return [
    ...(planned ? [h('li', null, applyText(model.changes.map(({ change }) => change)))] : []),
    h(
      'li',
      null,
      first === undefined
        ? 'Nothing rotates or ends within 90 days.'
        : ['First of all, ', eventText(first), '.'],
    ),
  ]
}

function stackLine({ stack, account, platform, at }: PageStack): VNode {
  return h(
    'li',
    null,
    'Stack ',
    h('b', null, foreign(stack)),
    platform === null
      ? ', the configuration alone'
      : [', account ', foreign(account ?? 'unknown'), ', at ', foreign(platform)],
    ', as of ',
    minute(at),
  )
}

/** The top of the page: which stacks, is anything wrong, what happens next. */
export function pageTop(model: PageModel, isLive: boolean): VNode {
  const { level, title, reasons } = headlineOf(model)
  return h(
    'header',
    { class: `top ${level}` },
    h(
      'p',
      { class: 'brand' },
      'fluxloop-keys',
      isLive
        ? [
            ' ',
            badge('live'),
            h(
              'span',
              { class: 'lost-note', role: 'status' },
              ' Not connected: the page is as old as its date says.',
            ),
          ]
        : null,
    ),
    h('h1', null, title),
    h('ul', { class: 'subjects' }, model.data.stacks.map(stackLine)),
    h(
      'div',
      { class: 'answers' },
      h(
        'div',
        null,
        h('h2', null, 'What is wrong'),
        h(
          'ul',
          null,
          reasons.map(reason => h('li', null, foreign(reason))),
        ),
      ),
      h('div', null, h('h2', null, 'What happens next'), h('ul', null, nextLines(model))),
    ),
  )
}

interface Tile {
  readonly label: string
  readonly value: number
  /** What a click filters by. */
  readonly act: string
  readonly level: Level
}

/** Figures that are filters too. */
export function tiles(model: PageModel): VNode {
  const { rows } = model
  const counts = countBySeverity(model)
  const amount = (test: (row: Row) => boolean) => rows.filter(test).length
  const urgentCount = counts.critical + counts.high
  const all: readonly Tile[] = [
    { label: 'keys', value: rows.length, act: 'clear', level: 'good' },
    { label: 'urgent findings', value: urgentCount, act: 'filter:severity:high', level: 'bad' },
    {
      label: 'keys with findings',
      value: amount(({ worst }) => worst >= 0),
      act: 'filter:only:findings',
      level: 'warn',
    },
    {
      label: 'without owner',
      value: amount(({ key }) => key.undeclared !== true && key.owner === undefined),
      act: 'filter:only:ownerless',
      level: 'warn',
    },
    {
      label: 'past maximum age',
      value: amount(({ share }) => share !== null && share >= 1),
      act: 'filter:only:old',
      level: 'bad',
    },
    {
      label: 'unused permissions',
      value: amount(({ key }) => Object.values(key.permissions).includes('n')),
      act: 'filter:only:unused',
      level: 'warn',
    },
    { label: 'with drift', value: amount(({ drifted }) => drifted), act: 'filter:only:drift', level: 'warn' },
    {
      label: 'unmanaged',
      value: amount(({ key }) => key.undeclared === true),
      act: 'filter:only:unmanaged',
      level: 'warn',
    },
  ]
  return h(
    'div',
    { class: 'tiles', role: 'group', 'aria-label': 'Figures, each of which filters the page' },
    all.map(({ label, value, act, level }) =>
      button(act, [h('b', null, count(value)), ' ', label], {
        class: `tile ${value === 0 ? 'good' : level}`,
      }),
    ),
  )
}
