import { type VNode, h } from './element.mjs'
import { permissionUses } from './page-data.ts'
import type { PageChange, PageGeneration, Seconds } from './page-data.ts'
import type { Row } from './page-model.ts'
import { type Node, badge, count, day, dayAndDistance, foreign, place } from './page-parts.ts'

function fact(
  name: string,
  ...value: readonly (VNode | string | null | readonly (VNode | string)[])[]
): VNode {
  return h('div', null, h('dt', null, name), h('dd', null, ...value))
}

function useWords(use: PageGeneration['lastUse'], now: Seconds): VNode | string {
  if (use === null) return 'never used'
  if (use === 'hidden') return 'unknown: this program looked at it last'
  return use === 'unknown' ? 'last use unknown' : h('span', null, 'last used ', dayAndDistance(use, now))
}

function generation(each: PageGeneration, now: Seconds): VNode {
  const { generation: number, id, masked, state, created, ends, lastUse } = each
  return h(
    'li',
    null,
    number === null ? 'not ours' : `generation ${number}`,
    ' ',
    badge(state === 'external' ? 'adopted' : state),
    ' ',
    h('code', null, foreign(id)),
    ' ',
    h('code', null, foreign(masked)),
    ', made ',
    day(created),
    ', ',
    ends === null ? 'never ends' : [ends < now ? 'ended ' : 'ends ', dayAndDistance(ends, now)],
    ', ',
    useWords(lastUse, now),
  )
}

/** One change of the next apply, or why one waits. */
export function changeWords({ action, reasons, fields }: PageChange): VNode {
  return h(
    'div',
    { class: 'change' },
    badge(action),
    ' ',
    reasons.map((reason, index) => [index === 0 ? null : '; ', foreign(reason)]),
    fields.length === 0
      ? null
      : h(
          'ul',
          null,
          fields.map(({ field, current, desired, drift, widens }) =>
            h(
              'li',
              null,
              `${field}: `,
              foreign(current),
              ' → ',
              foreign(desired),
              drift ? [' ', badge('drift')] : null,
              widens ? [' ', badge('widens')] : null,
            ),
          ),
        ),
  )
}

function list(title: string, items: readonly VNode[]): Node {
  return items.length === 0
    ? null
    : h('div', { class: 'chapter' }, h('h3', null, title), h('ul', null, items))
}

function permissionItems({ key: { permissions } }: Row): readonly VNode[] {
  return Object.entries(permissions).map(([name, letter]) =>
    h('li', null, foreign(name), ' ', badge(permissionUses[letter])),
  )
}

/** Everything that the page knows of one key. */
export function keyStory(row: Row): VNode {
  const { key, stack, findings, changes, events, past, requests } = row
  const now = stack.at
  return h(
    'div',
    { class: 'chapters' },
    h(
      'dl',
      null,
      fact('Name', foreign(key.name)),
      key.description === undefined ? null : fact('Description', foreign(key.description)),
      fact('Owner', key.owner === undefined ? 'none' : foreign(key.owner)),
      fact('Projects', foreign((key.projects ?? ['all']).join(', '))),
      fact('Declared in', place(key.position) ?? 'nowhere'),
      fact(
        'Stores',
        (key.stores ?? []).length === 0
          ? 'none'
          : h(
              'ul',
              null,
              (key.stores ?? []).map(store => h('li', null, foreign(store))),
            ),
      ),
      fact('Protected', key.protected === true ? 'yes' : 'no'),
      fact(
        'Use',
        `${count(requests)} requests in ${stack.windowDays} days`,
        key.unseen === undefined ? null : foreign(` (${key.unseen})`),
      ),
    ),
    list(
      'Generations',
      (key.generations ?? []).map(each => generation(each, now)),
    ),
    list('Permissions', permissionItems(row)),
    list(
      'Findings',
      findings.map(({ severity, rule, message, remedy, excepted, position }) =>
        h(
          'li',
          null,
          badge(severity),
          ' ',
          h('code', null, foreign(rule)),
          ' ',
          foreign(message),
          '. ',
          foreign(remedy),
          ' ',
          place(position),
          excepted === undefined
            ? null
            : [' Excepted until ', day(excepted.until), ': ', foreign(excepted.reason)],
        ),
      ),
    ),
    list(
      'Next apply',
      changes.map(change => h('li', null, changeWords(change))),
    ),
    list(
      'To come',
      events.map(({ event, at, why }) => h('li', null, dayAndDistance(at, now), ` ${event}: `, foreign(why))),
    ),
    list(
      'What runs did',
      past.map(({ at, what, why }) => h('li', null, dayAndDistance(at, now), ` ${what}: `, foreign(why))),
    ),
  )
}
