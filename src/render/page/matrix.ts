import { type Permission, allPermissions } from '../../model/permission.ts'
import { permissionLabels, shownPermissions } from '../../model/permission-labels.ts'
import { type VNode, h } from './element.mjs'
import { type PermissionLetter, permissionUses } from './page-data.ts'
import type { Row } from './page-model.ts'
import { type Node, badge, count, foreign, pageOf, pager, section, table } from './page-parts.ts'
import type { ViewState } from './view-state.ts'

function cell(letter: PermissionLetter | undefined): VNode {
  return letter === undefined
    ? h('td', null)
    : h('td', { class: `use ${permissionUses[letter]}` }, permissionUses[letter])
}

function others({ key: { permissions } }: Row): readonly (readonly [string, PermissionLetter])[] {
  return Object.entries(permissions).filter(([name]) => !(allPermissions as readonly string[]).includes(name))
}

function matrixRow(row: Row): VNode {
  const { key, name } = row
  return h(
    'tr',
    { key: name },
    h('th', { scope: 'row' }, foreign(key.key)),
    shownPermissions.map(permission => cell(key.permissions[permission])),
    h(
      'td',
      null,
      others(row).map(([permission, letter]) => [
        foreign(permission),
        ' ',
        badge(permissionUses[letter]),
        ' ',
      ]),
    ),
  )
}

/** How many of the keys that are shown hold a permission, and how many of those use it. */
function totals(rows: readonly Row[]): VNode {
  const amount = (permission: Permission, letter: PermissionLetter) =>
    rows.filter(({ key }) => key.permissions[permission] === letter).length
  return h(
    'tr',
    { class: 'totals' },
    h('th', { scope: 'row' }, 'Used, of granted'),
    shownPermissions.map(permission => {
      const [used, unused, unknown] = (['u', 'n', 'q'] as const).map(letter => amount(permission, letter))
      const granted = (used ?? 0) + (unused ?? 0) + (unknown ?? 0)
      return h('td', null, granted === 0 ? '' : `${count(used ?? 0)} of ${count(granted)}`)
    }),
    h('td', null),
  )
}

const legend: readonly (readonly [PermissionLetter, string])[] = [
  ['u', 'it was used within the window'],
  ['n', 'granted, and the figures show no use'],
  ['q', 'granted, and the figures do not tell'],
  ['d', 'asked for without being granted: refused, or taken away since'],
]

/** Granted against used permissions; an empty cell is a permission that a key does not have. */
export function permissionsSection(rows: readonly Row[], state: ViewState): Node {
  const columns = [
    { label: 'Key' },
    ...shownPermissions.map(permission => ({ label: permissionLabels[permission] })),
    { label: 'Others' },
  ]
  return section(
    { id: 'permissions', title: 'Granted and used permissions' },
    h(
      'ul',
      { class: 'legend' },
      legend.map(([letter, words]) =>
        h(
          'li',
          null,
          h('span', { class: `use ${permissionUses[letter]}` }, permissionUses[letter]),
          ` ${words}`,
        ),
      ),
    ),
    rows.length === 0
      ? h('p', null, 'There is nothing to show.')
      : table('Granted and used permissions', columns, [
          totals(rows),
          ...pageOf(rows, state.pages.permissions).map(matrixRow),
        ]),
    pager('permissions', rows.length, state.pages.permissions),
  )
}
