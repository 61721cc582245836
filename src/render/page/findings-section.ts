import { type VNode, h } from './element.mjs'
import type { PageStack } from './page-data.ts'
import type { FindingRow } from './page-model.ts'
import {
  type Node,
  badge,
  button,
  day,
  foreign,
  pageOf,
  pager,
  place,
  plural,
  section,
  table,
} from './page-parts.ts'
import type { ViewState } from './view-state.ts'

function findingRow({ finding, stack, row }: FindingRow, several: boolean): VNode {
  const { key, severity, rule, message, remedy, position, excepted } = finding
  return h(
    'tr',
    null,
    h('td', null, badge(severity), excepted === undefined ? null : [' ', badge('excepted')]),
    h('td', null, button(`filter:rule:${rule}`, foreign(rule), { class: 'link' })),
    h('td', null, row === null ? foreign(key) : button(`go:${row.name}`, foreign(key), { class: 'link' })),
    several ? h('td', null, foreign(stack.stack)) : null,
    h(
      'td',
      { class: 'text' },
      foreign(message),
      h('small', null, foreign(remedy)),
      excepted === undefined
        ? null
        : h('small', null, 'Excepted until ', day(excepted.until), ': ', foreign(excepted.reason)),
    ),
    h('td', null, place(position)),
  )
}

function notLookedAt(stacks: readonly PageStack[]): Node {
  const entries = stacks.flatMap(stack => stack.notLookedAt)
  if (entries.length === 0) return null
  return h(
    'details',
    null,
    h('summary', null, `What was not looked at: ${plural(entries.length, 'reason')}`),
    h(
      'ul',
      null,
      entries.map(({ rules, why, keys }) =>
        h(
          'li',
          null,
          foreign(rules.join(', ')),
          ': ',
          foreign(why),
          keys === 0 ? '' : ` (${plural(keys, 'key')})`,
        ),
      ),
    ),
  )
}

/** The worst first, with the lines of the configuration. */
export function findingsSection(
  findings: readonly FindingRow[],
  stacks: readonly PageStack[],
  state: ViewState,
): VNode {
  const several = stacks.length > 1
  const columns = [
    { label: 'Severity' },
    { label: 'Rule' },
    { label: 'Key' },
    ...(several ? [{ label: 'Stack' }] : []),
    { label: 'Finding' },
    { label: 'Line' },
  ]
  return section(
    {
      id: 'findings',
      title: 'Findings',
      note: plural(findings.length, 'finding'),
      tools: h(
        'span',
        { class: 'tools' },
        button('export:findings:csv', 'CSV'),
        button('export:findings:json', 'JSON'),
      ),
    },
    findings.length === 0
      ? h('p', null, 'There are no findings.')
      : table(
          'Findings',
          columns,
          pageOf(findings, state.pages.findings).map(each => findingRow(each, several)),
        ),
    pager('findings', findings.length, state.pages.findings),
    notLookedAt(stacks),
  )
}
