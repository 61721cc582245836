import { type VNode, h } from './element.mjs'
import type { Row } from './page-model.ts'
import { type Node, button, count, foreign, pageOf, pager, section, table } from './page-parts.ts'
import { type PagedSection, type ViewState, everyProject, nobody } from './view-state.ts'

interface Group {
  readonly name: string
  readonly keys: number
  readonly withFindings: number
  readonly old: number
  readonly requests: number
}

function groupsOf(rows: readonly Row[], namesOf: (row: Row) => readonly string[]): readonly Group[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows)
    for (const name of namesOf(row)) {
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [row])
      else group.push(row)
    }
  return [...groups]
    .map(([name, group]) => ({
      name,
      keys: group.length,
      withFindings: group.filter(({ worst }) => worst >= 0).length,
      old: group.filter(({ share }) => share !== null && share >= 1).length,
      requests: group.reduce((sum, { requests }) => sum + requests, 0),
    }))
    .sort((a, b) => b.keys - a.keys || (a.name < b.name ? -1 : 1))
}

function groupSection(
  id: PagedSection & ('owners' | 'projects'),
  title: string,
  filter: 'owner' | 'project',
  groups: readonly Group[],
  state: ViewState,
): VNode {
  const columns = [
    { label: title.replace('By ', '').replace(/^./, letter => letter.toUpperCase()) },
    { label: 'Keys', kind: 'number' },
    { label: 'With findings', kind: 'number' },
    { label: 'Past maximum age', kind: 'number' },
    { label: 'Requests', kind: 'number' },
  ]
  const figure = (amount: number) => h('td', { class: 'number' }, count(amount))
  return section(
    { id, title },
    groups.length === 0
      ? h('p', null, 'There is nothing to show.')
      : table(
          title,
          columns,
          pageOf(groups, state.pages[id]).map(({ name, keys, withFindings, old, requests }) =>
            h(
              'tr',
              { key: name },
              h('th', { scope: 'row' }, button(`filter:${filter}:${name}`, foreign(name), { class: 'link' })),
              figure(keys),
              figure(withFindings),
              figure(old),
              figure(requests),
            ),
          ),
        ),
    pager(id, groups.length, state.pages[id]),
  )
}

/** Keys that nobody owns are a group of their own. */
export function ownersSection(rows: readonly Row[], state: ViewState): Node {
  const owned = rows.filter(({ key }) => key.undeclared !== true)
  const groups = groupsOf(owned, ({ key }) => [key.owner ?? nobody])
  return groupSection('owners', 'By owner', 'owner', groups, state)
}

export function projectsSection(rows: readonly Row[], state: ViewState): Node {
  const groups = groupsOf(rows, ({ key }) => key.projects ?? [everyProject])
  return groupSection('projects', 'By project', 'project', groups, state)
}

/** Live keys that no configuration declares. */
export function unmanagedSection(rows: readonly Row[]): Node {
  const found = rows.filter(({ key }) => key.undeclared === true)
  const most = 100
  return section(
    { id: 'unmanaged', title: 'Unmanaged keys', note: `${count(found.length)} of the keys that are shown` },
    found.length === 0
      ? h('p', null, 'There are none.')
      : h(
          'ul',
          { class: 'plain' },
          found
            .slice(0, most)
            .map(({ key, name }) =>
              h(
                'li',
                { key: name },
                button(`go:${name}`, foreign(key.key), { class: 'link' }),
                ' ',
                foreign(key.name),
              ),
            ),
        ),
    found.length <= most
      ? null
      : button('filter:only:unmanaged', `Show all ${count(found.length)} among the keys`),
  )
}
