import { day } from '../../model/duration.ts'
import { useOf } from '../../lifecycle/last-use.ts'
import type { ManagedRow } from '../../model/managed-row.ts'
import type { Plan } from '../../model/change.ts'
import type { StoreSpec } from '../../model/store.ts'
import type { Palette } from '../text/palette.ts'
import { subjectText } from '../text/subject-text.ts'
import { escapeControls } from '../text/escape.ts'
import { displayWidth, minimumWidth, pieces, wrap } from '../text/layout.ts'
import { date, isoTime } from '../text/time.ts'
import { lastUseShort, nameText, plural, storeText } from '../text/values.ts'

type About = Pick<Plan, 'platform' | 'account' | 'stack' | 'now' | 'keychain'>

const gap = 2
const headings = ['KEY', 'ID', 'STATE', 'AGE', 'NEXT', 'STORES', 'LAST USED'] as const
/** The columns that give way on a narrow terminal, with the least that they keep; ids stay whole, to be copied. */
const narrowest: readonly (number | null)[] = [12, null, 9, 4, 10, 8, 9]

function storeName(spec: StoreSpec): string {
  return spec.kind === 'preset' ? spec.preset : spec.kind
}

function days(row: ManagedRow): string {
  if (row.age === null) return '-'
  const age = `${Math.floor(row.age / day)}d`
  return row.maxAge === null ? age : `${age}/${Math.round(row.maxAge / day)}d`
}

function cells(row: ManagedRow, { now }: About): readonly string[] {
  return [
    nameText(row.keyId),
    row.liveId === null ? '-' : nameText(row.liveId),
    row.state,
    days(row),
    row.next === null ? '-' : `${row.next.event} ${date(row.next.at)}`,
    row.stores.length === 0 ? '-' : row.stores.map(storeName).map(escapeControls).join(', '),
    row.use === null ? '-' : lastUseShort(row.use, now),
  ]
}

/** The widths of columns that fit: the widest gives way first. */
function fit(natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, each) => sum + each + gap, -gap)
  while (total() > width) {
    const candidates = widths.map((each, index) => each - (narrowest[index] ?? each))
    const most = Math.max(...candidates)
    if (most <= 0) break
    const index = candidates.indexOf(most)
    widths[index] = (widths[index] ?? 0) - 1
  }
  return widths
}

function paintState(state: string, text: string, palette: Palette): string {
  if (state === 'delivered') return palette.green(text)
  if (state === 'leaked') return palette.red(text)
  return state === 'adopted' ? text : palette.yellow(text)
}

function lines(
  row: readonly string[],
  widths: readonly number[],
  paint: (text: string, column: number) => string,
) {
  const wrapped = row.map((cell, column) => {
    const room = widths[column] ?? 0
    return wrap(
      cell
        .split(' ')
        .flatMap(word => (narrowest[column] === null ? [word] : pieces(word, room)))
        .join(' '),
      room,
    )
  })
  const height = Math.max(...wrapped.map(({ length }) => length))
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((cell, column) => {
        const text = cell[line] ?? ''
        const rest = (widths[column] ?? 0) + gap - displayWidth(text)
        return (text === '' ? '' : paint(text, column)) + ' '.repeat(Math.max(0, rest))
      })
      .join('')
      .trimEnd(),
  )
}

function count(rows: readonly ManagedRow[]): string {
  const live = rows.filter(({ liveId }) => liveId !== null).length
  const missing = rows.length - live
  return missing === 0 ? `${plural(live, 'key')}.` : `${plural(live, 'key')}, and ${missing} not created yet.`
}

/** One row a key, as wide as the terminal at most; on a narrow one cells go on in the next line. Ends without a line break. */
export function renderManaged(
  rows: readonly ManagedRow[],
  about: About,
  options: { readonly palette: Palette; readonly width: number },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const subject = subjectText(about)
  const heading = wrap(`${subject.charAt(0).toUpperCase()}${subject.slice(1)}`, width)
  if (rows.length === 0) {
    return [
      ...heading,
      '',
      ...wrap('The stack has no keys, and the configuration declares none.', width),
    ].join('\n')
  }
  const table = rows.map(row => cells(row, about))
  const natural = headings.map((title, column) =>
    Math.max(displayWidth(title), ...table.map(row => displayWidth(row[column] ?? ''))),
  )
  const widths = fit(natural, width)
  return [
    ...heading,
    '',
    ...lines(headings, widths, text => palette.bold(text)),
    ...table.flatMap((row, index) => {
      const state = rows[index]?.state ?? ''
      return lines(row, widths, (text, column) => (column === 2 ? paintState(state, text, palette) : text))
    }),
    '',
    count(rows),
  ].join('\n')
}

function lastUseToJson({ use }: ManagedRow) {
  const judged = use === null ? ({ kind: 'unknown' } as const) : useOf(use)
  return {
    last_used_at: 'at' in judged ? isoTime(judged.at) : null,
    last_use_known: judged.kind !== 'unknown',
  }
}

/** `list --json`, described in `schemas/list.schema.json`. */
export function managedToJson(rows: readonly ManagedRow[], about: About) {
  const { platform, account, stack, now, keychain } = about
  return {
    format_version: '1.0',
    platform,
    account,
    stack,
    now: isoTime(now),
    keys: rows.map(row => ({
      key: row.keyId,
      name: row.name,
      id: row.liveId,
      generation: row.generation,
      state: row.state,
      age_days: row.age === null ? null : Math.floor(row.age / day),
      max_age_days: row.maxAge === null ? null : row.maxAge / day,
      next_event: row.next === null ? null : { event: row.next.event, at: isoTime(row.next.at) },
      stores: row.stores.map(spec => storeText(spec, keychain)),
      ...lastUseToJson(row),
    })),
  }
}
