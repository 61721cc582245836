import { agesChart, timelineChart, useChart } from './charts.ts'
import { type VNode, h } from './element.mjs'
import { changesSection, eventsSection } from './events-section.ts'
import { filterBar } from './filter-bar.ts'
import { findingsSection } from './findings-section.ts'
import { fleetSection } from './fleet-section.ts'
import { ownersSection, projectsSection, unmanagedSection } from './groups.ts'
import { pageTop, tiles } from './headline.ts'
import { keysSection } from './keys-table.ts'
import { permissionsSection } from './matrix.ts'
import type { PageModel } from './page-model.ts'
import { button, minute } from './page-parts.ts'
import { select } from './select-rows.ts'
import type { ViewState } from './view-state.ts'

const parts = [
  ['keys', 'Keys'],
  ['permissions', 'Permissions'],
  ['findings', 'Findings'],
  ['events', '90 days'],
  ['changes', 'Drift'],
  ['owners', 'Owners'],
  ['projects', 'Projects'],
  ['unmanaged', 'Unmanaged'],
] as const

function now({ data: { stacks } }: PageModel): number {
  return Math.max(0, ...stacks.map(({ at }) => at))
}

/** The whole page, as a function of its data and of what its reader chose. A file begins with it, and a script draws it anew. */
export function pageView(model: PageModel, state: ViewState, isLive: boolean): VNode {
  const { rows, findings, events, changes } = select(model, state)
  const { stacks, version, fleet } = model.data
  return h(
    'div',
    { class: 'page' },
    pageTop(model, isLive),
    h(
      'main',
      null,
      tiles(model),
      filterBar(model, state, rows.length),
      h(
        'nav',
        { class: 'parts', 'aria-label': 'Parts of the page' },
        (fleet === undefined ? parts : ([['fleet', 'Fleet'], ...parts] as const)).map(([id, label]) =>
          button(`jump:${id}`, label),
        ),
      ),
      fleet === undefined ? null : fleetSection(fleet),
      h('div', { class: 'charts' }, timelineChart(events, now(model)), agesChart(rows), useChart(rows)),
      keysSection(rows, model.rows.length, state, stacks.length > 1),
      permissionsSection(rows, state),
      findingsSection(findings, stacks, state),
      eventsSection(events, state),
      changesSection(changes, stacks, state),
      h('div', { class: 'pair' }, ownersSection(rows, state), projectsSection(rows, state)),
      unmanagedSection(rows),
    ),
    h('footer', null, `Made by fluxloop-keys ${version} as of `, minute(now(model)), '. Days are in UTC.'),
  )
}
