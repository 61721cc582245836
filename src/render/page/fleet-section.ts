import { type FleetState, fleetStates } from '../../model/fleet-status.ts'
import { type VNode, h } from './element.mjs'
import type { PageFleet, PageFleetStack } from './page-data.ts'
import {
  type Node,
  badge,
  count,
  dayAndDistance,
  foreign,
  minute,
  plural,
  section,
  table,
} from './page-parts.ts'

/** In words, and in the colour of which badge. */
const states: Readonly<Record<FleetState, readonly [string, string]>> = {
  failing: ['failing', 'critical'],
  drifted: ['drifted', 'medium'],
  new: ['new', 'pending'],
  'in-sync': ['in sync', 'delivered'],
}

function stackRow({
  name,
  state,
  since,
  failures,
  problem,
  lastRun,
  nextRun,
  holder,
}: PageFleetStack): VNode {
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, foreign(name)),
    h('td', null, badge(...states[state])),
    h('td', null, minute(since)),
    h(
      'td',
      { class: 'text' },
      problem === null ? '' : foreign(problem),
      failures > 1 ? h('small', null, `${plural(failures, 'run')} in a row failed`) : null,
    ),
    h('td', null, lastRun === null ? 'never' : minute(lastRun)),
    h('td', null, holder === null ? minute(nextRun) : ['now, by ', foreign(holder)]),
  )
}

function stacksTable({ stacks }: PageFleet): VNode {
  const labels = ['Stack', 'State', 'Since', 'What is wrong', 'Last run', 'Next run']
  return stacks.length === 0
    ? h('p', null, 'No replica has read a fleet file yet.')
    : table(
        'Stacks of the fleet',
        labels.map(label => ({ label })),
        stacks.map(stackRow),
      )
}

function list(title: string, items: readonly VNode[]): Node {
  return items.length === 0 ? null : h('div', null, h('h3', null, title), h('ul', null, items))
}

function totalsText({ totals, stacks }: PageFleet): string {
  const all = fleetStates.reduce((sum, state) => sum + totals[state], 0)
  const parts = fleetStates
    .filter(state => totals[state] > 0)
    .map(state => `${count(totals[state])} ${states[state][0]}`)
  const left = all > stacks.length ? ` The worst ${count(stacks.length)} are listed.` : ''
  return `${[plural(all, 'stack'), ...parts].join(', ')}.${left}`
}

/** The stacks of a fleet, the worst first; what happens next; what is left of each budget of requests. */
export function fleetSection(fleet: PageFleet): VNode {
  return section(
    { id: 'fleet', title: 'Fleet', note: [totalsText(fleet), ' As of ', minute(fleet.at), '.'] },
    stacksTable(fleet),
    h(
      'div',
      { class: 'pair' },
      list(
        'Next events of the fleet',
        fleet.soon.map(({ name, event, at }) =>
          h('li', null, foreign(name), ': ', foreign(event), ' ', dayAndDistance(at, fleet.at)),
        ),
      ),
      list(
        'Requests left',
        fleet.credentials.map(({ name, remaining, capacity, used }) =>
          h(
            'li',
            null,
            foreign(name),
            `: ${count(remaining)} of ${count(capacity)}`,
            used.length === 0 ? null : h('small', null, ` used in the last hour: ${used.join(', ')}`),
          ),
        ),
      ),
    ),
  )
}
