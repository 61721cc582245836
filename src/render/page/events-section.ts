import { type VNode, h } from './element.mjs'
import type { ChangeRow, EventRow } from './page-model.ts'
import { isDrift } from './page-model.ts'
import type { PageStack } from './page-data.ts'
import {
  type Node,
  badge,
  button,
  dayAndDistance,
  foreign,
  pageOf,
  pager,
  plural,
  section,
  table,
} from './page-parts.ts'
import { changeWords } from './story.ts'
import type { ViewState } from './view-state.ts'

function keyCell({ row }: EventRow | ChangeRow, key: string): VNode {
  return h(
    'th',
    { scope: 'row' },
    row === null ? foreign(key) : button(`go:${row.name}`, foreign(key), { class: 'link' }),
  )
}

/** What time does to the keys, the earliest first. */
export function eventsSection(events: readonly EventRow[], state: ViewState): Node {
  const columns = [{ label: 'Key' }, { label: 'When' }, { label: 'What' }, { label: 'Why' }]
  return section(
    { id: 'events', title: 'The next 90 days', note: plural(events.length, 'event') },
    events.length === 0
      ? h('p', null, 'Nothing rotates, retires or ends.')
      : table(
          'Events of the next 90 days',
          columns,
          pageOf(events, state.pages.events).map(each => {
            const { event, stack } = each
            return h(
              'tr',
              null,
              keyCell(each, event.key),
              h('td', null, dayAndDistance(event.at, stack.at)),
              h('td', null, badge(event.event)),
              h('td', { class: 'text' }, foreign(event.why)),
            )
          }),
        ),
    pager('events', events.length, state.pages.events),
  )
}

function notes(stacks: readonly PageStack[]): Node {
  const all = stacks.flatMap(({ plan }) => plan?.notes ?? [])
  if (all.length === 0) return null
  return h(
    'ul',
    { class: 'notes' },
    all.map(({ severity, message, hint }) =>
      h('li', null, badge(severity), ' ', foreign(message), ' ', h('small', null, foreign(hint))),
    ),
  )
}

/** Drift first: what somebody changed on the platform. */
export function changesSection(
  changes: readonly ChangeRow[],
  stacks: readonly PageStack[],
  state: ViewState,
): Node {
  const ordered = [
    ...changes.filter(({ change }) => isDrift(change)),
    ...changes.filter(({ change }) => !isDrift(change)),
  ]
  const drifted = changes.filter(({ change }) => isDrift(change)).length
  const unplanned = stacks.every(({ plan }) => plan === null)
  return section(
    {
      id: 'changes',
      title: 'Drift and next apply',
      note: unplanned
        ? 'No plan is part of this report.'
        : `${plural(changes.length, 'change')} or waiting, of which ${drifted} with drift`,
    },
    notes(stacks),
    changes.length === 0
      ? unplanned
        ? null
        : h('p', null, 'Nothing has drifted, and nothing is to be done.')
      : table(
          'Drift and what the next apply does',
          [{ label: 'Key' }, { label: 'Change' }],
          pageOf(ordered, state.pages.changes).map(each =>
            h(
              'tr',
              null,
              keyCell(each, each.change.key),
              h('td', { class: 'text' }, changeWords(each.change)),
            ),
          ),
        ),
    pager('changes', changes.length, state.pages.changes),
  )
}
