import { type Children, type VNode, h } from './element.mjs'
import { isoTime } from '../text/time.ts'
import type { Seconds } from './page-data.ts'

export type Node = VNode | null

const daySeconds = 86_400

/** Text from outside: it reads in its own direction, and turns nothing around it. */
export function foreign(text: string): VNode {
  return h('bdi', null, text)
}

/** Rough on purpose: what is exact stands next to it. */
export function distance(at: Seconds, now: Seconds): string {
  // As a calendar counts, in UTC: from midnight to midnight.
  const days = Math.abs(Math.floor(at / daySeconds) - Math.floor(now / daySeconds))
  if (days === 0) return 'today'
  const words = `${days} day${days === 1 ? '' : 's'}`
  return at < now ? `${words} ago` : `in ${words}`
}

/** A day in UTC; a script says on hover what the reader's clock calls it. */
export function day(at: Seconds): VNode {
  const iso = isoTime(at * 1000)
  return h('time', { datetime: iso, title: iso.replace('T', ' ').replace('Z', ' UTC') }, iso.slice(0, 10))
}

/** To the minute, in UTC. */
export function minute(at: Seconds): VNode {
  const iso = isoTime(at * 1000)
  return h(
    'time',
    { datetime: iso, title: iso.replace('T', ' ').replace('Z', ' UTC') },
    `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`,
  )
}

export function dayAndDistance(at: Seconds, now: Seconds): VNode {
  return h('span', null, day(at), ' ', h('small', null, distance(at, now)))
}

export function count(amount: number): string {
  return amount.toLocaleString('en')
}

export function plural(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`
}

/** A word with a colour; the word says it all. */
export function badge(word: string, kind = word): VNode {
  return h('span', { class: `badge ${kind.replaceAll(/[^a-z-]/g, '-')}` }, word)
}

/** Where a declaration stands. */
export function place(position: { readonly file: string; readonly line: number } | undefined): Node {
  return position === undefined ? null : h('code', null, foreign(`${position.file}:${position.line}`))
}

/** What a click asks of the page's script, in attributes: a page without a script has no handlers to lose. */
export function button(
  act: string,
  label: Children,
  more: Readonly<Record<string, string | boolean | undefined>> = {},
): VNode {
  return h('button', { type: 'button', 'data-do': act, ...more }, label)
}

export interface SectionFrame {
  readonly id: string
  readonly title: string
  readonly note?: Children
  readonly tools?: Children
}

export function section({ id, title, note, tools }: SectionFrame, ...children: Children[]): VNode {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    h('div', { class: 'heading' }, h('h2', { id: `${id}-title`, tabindex: -1 }, title), tools ?? null),
    note === undefined ? null : h('p', { class: 'note' }, note),
    ...children,
  )
}

export interface Column {
  readonly label: Children
  /** A class of its cells. */
  readonly kind?: string
  /** How its heading is sorted. */
  readonly sorted?: 'ascending' | 'descending' | 'none'
}

/** A table that scrolls by itself where a screen is narrow, by keyboard too. */
export function table(caption: string, columns: readonly Column[], rows: readonly Node[]): VNode {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Table: ${caption}` },
    h(
      'table',
      null,
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map(({ label, kind, sorted }) =>
            h('th', { scope: 'col', class: kind, 'aria-sort': sorted }, label),
          ),
        ),
      ),
      h('tbody', null, rows),
    ),
  )
}

/** Rows of one page of a table. */
export const pageSize = 100

export function pageOf<Item>(items: readonly Item[], page: number): readonly Item[] {
  const last = Math.max(0, Math.ceil(items.length / pageSize) - 1)
  const start = Math.min(page, last) * pageSize
  return items.slice(start, start + pageSize)
}

/** Nothing where all rows fit one page. */
export function pager(name: string, total: number, page: number): Node {
  const pages = Math.ceil(total / pageSize)
  if (pages < 2) return null
  const current = Math.min(page, pages - 1)
  const first = current * pageSize
  const step = (to: number, label: string, off: boolean) =>
    button(`page:${name}:${to}`, label, { disabled: off })
  return h(
    'nav',
    { class: 'pager', 'aria-label': `Pages of ${name}` },
    step(0, 'First', current === 0),
    step(current - 1, 'Previous', current === 0),
    h('span', null, `${count(first + 1)} to ${count(Math.min(total, first + pageSize))} of ${count(total)}`),
    step(current + 1, 'Next', current === pages - 1),
    step(pages - 1, 'Last', current === pages - 1),
  )
}
