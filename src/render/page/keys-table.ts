import { severities } from '../../model/audit-rule.ts'
import { type VNode, h } from './element.mjs'
import type { PageUse } from './page-data.ts'
import type { Row } from './page-model.ts'
import {
  type Column,
  badge,
  button,
  count,
  day,
  dayAndDistance,
  foreign,
  pageOf,
  pager,
  plural,
  section,
  table,
} from './page-parts.ts'
import { keyStory } from './story.ts'
import { type SortKey, type ViewState, everyProject } from './view-state.ts'

const days = (seconds: number) => Math.floor(seconds / 86_400)

function heading(label: string, sort: SortKey, state: ViewState): Column {
  const sorted = state.sort !== sort ? 'none' : state.descending ? 'descending' : 'ascending'
  const arrow = { none: '', ascending: ' ▲', descending: ' ▼' }[sorted]
  return {
    label: button(`sort:${sort}`, [label, h('span', { 'aria-hidden': 'true' }, arrow)], { class: 'sort' }),
    sorted,
  }
}

/** How much of its maximum age a secret has used up. */
function meter(share: number): VNode {
  const filled = Math.max(1, Math.round(Math.min(1, share) * 60))
  return h(
    'svg',
    { viewBox: '0 0 60 6', class: 'meter', 'aria-hidden': 'true' },
    h('rect', { width: 60, height: 6, class: 'track' }),
    h('rect', { width: filled, height: 6, class: share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'good' }),
  )
}

function ageCell({ age, share, key }: Row): VNode {
  if (age === null) return h('td', null, '')
  const limit = key.maxAge === undefined ? ' days' : ` of ${days(key.maxAge)} days`
  return h('td', { class: 'narrow' }, `${days(age)}${limit}`, share === null ? null : meter(share))
}

function useText(use: PageUse | undefined): VNode | string {
  if (use === undefined) return ''
  if (use === null) return 'never'
  return typeof use === 'number' ? day(use) : 'unknown'
}

function worstBadge({ worst, findings }: Row): VNode | string {
  const severity = severities[worst]
  if (severity === undefined) return findings.length === 0 ? '' : `${count(findings.length)} excepted`
  const open = findings.filter(({ excepted }) => excepted === undefined).length
  return h('span', null, badge(severity), ` ${count(open)}`)
}

function keyRow(row: Row, columns: number, state: ViewState, several: boolean): readonly VNode[] {
  const { key, stack, name, index, events, drifted } = row
  const isOpen = state.open === name
  const id = `story-${index}`
  const [next] = events
  const line = h(
    'tr',
    { key: name, class: isOpen ? 'open' : undefined },
    h(
      'th',
      { scope: 'row' },
      button(`open:${name}`, foreign(key.key), {
        'aria-expanded': isOpen ? 'true' : 'false',
        'aria-controls': isOpen ? id : undefined,
        class: 'link',
      }),
      key.name === key.key ? null : h('small', null, foreign(key.name)),
    ),
    several ? h('td', null, foreign(stack.stack)) : null,
    h(
      'td',
      null,
      key.owner === undefined ? h('em', null, key.undeclared === true ? '' : 'none') : foreign(key.owner),
    ),
    h('td', null, key.environment ?? ''),
    h('td', null, badge(key.state), drifted ? [' ', badge('drift')] : null),
    h('td', { class: 'wide' }, foreign((key.projects ?? [everyProject]).join(', '))),
    ageCell(row),
    h('td', null, key.ends === undefined ? (key.state === 'not created' ? '' : 'never') : day(key.ends)),
    h('td', null, useText(key.lastUse)),
    h('td', null, next === undefined ? '' : [next.event, ' ', dayAndDistance(next.at, stack.at)]),
    h('td', null, worstBadge(row)),
  )
  if (!isOpen) return [line]
  return [
    line,
    h('tr', { key: `${name} story`, class: 'story', id }, h('td', { colspan: columns }, keyStory(row))),
  ]
}

/** The keys, a hundred at once; each opens to its story. */
export function keysSection(rows: readonly Row[], all: number, state: ViewState, several: boolean): VNode {
  const columns: readonly Column[] = [
    heading('Key', 'key', state),
    ...(several ? [{ label: 'Stack' }] : []),
    heading('Owner', 'owner', state),
    heading('Environment', 'environment', state),
    heading('State', 'state', state),
    { label: 'Projects' },
    heading('Age', 'age', state),
    heading('Ends', 'ends', state),
    heading('Last use', 'use', state),
    heading('Next', 'next', state),
    heading('Findings', 'worst', state),
  ]
  const shown = pageOf(rows, state.pages.keys)
  return section(
    {
      id: 'keys',
      title: 'Keys',
      note: rows.length === all ? plural(all, 'key') : `${count(rows.length)} of ${plural(all, 'key')}`,
      tools: h(
        'span',
        { class: 'tools' },
        button('export:keys:csv', 'CSV'),
        button('export:keys:json', 'JSON'),
      ),
    },
    rows.length === 0
      ? h('p', null, all === 0 ? 'There are no keys.' : 'No key fits the filter.')
      : table(
          'Keys',
          columns,
          shown.flatMap(row => keyRow(row, columns.length, state, several)),
        ),
    pager('keys', rows.length, state.pages.keys),
  )
}
