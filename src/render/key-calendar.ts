import type { Calendar, CalendarEntry } from '../model/calendar.ts'
import type { Instant } from '../model/duration.ts'
import type { Palette } from './palette.ts'
import { renewalText } from './reasons.ts'
import { paintMark } from './rows.ts'
import { breakable, minimumWidth, wrap } from './text.ts'
import { date, isoTime, relativeTime } from './time.ts'
import { nameText, plural, quotedName } from './values.ts'

/** `calendar --json`, described in `schemas/calendar.schema.json`: names and times as in a plan's JSON. */
export interface CalendarJson {
  readonly format_version: '1.0'
  readonly stack: string
  readonly now: string
  readonly until: string
  readonly entries: readonly EntryJson[]
  readonly summary: Readonly<Record<CalendarEntry['event'], number>> & {
    /** The day with the most rotations, in UTC; null where there is none. */
    readonly busiest_day: { readonly date: string; readonly rotations: number } | null
  }
}

interface EntryJson {
  readonly at: string
  readonly event: CalendarEntry['event']
  readonly key: string | null
  readonly name: string
  readonly id: string | null
  readonly generation: number | null
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  /** Only of a rotation. */
  readonly strategy?: 'overlap' | 'in-place'
}

const endings = {
  'fixed-date': 'on the declared date, which nothing renews',
  external: 'adopted: nothing but rotate on request renews it',
  superseded: 'it has to go, and ends before it is revoked',
  undeclared: 'nothing declares it any more',
  unmanaged: 'no stack owns it',
} as const satisfies Record<Extract<CalendarEntry, { event: 'expires' }>['why'], string>

function departureText(reason: Extract<CalendarEntry, { event: 'retires' }>['reason']): string {
  switch (reason.code) {
    case 'superseded':
      return `replaced by generation ${reason.head}, its grace is over`
    case 'leaked':
      return 'leaked, and its successor is delivered'
    case 'undeclared':
      return 'no longer declared'
    case 'abandoned':
      return 'made and never delivered'
    case 'unmanaged':
    case 'unused':
      return 'no stack owns it, and the configuration prunes such keys'
  }
}

function reasonsOf(entry: CalendarEntry): readonly { readonly code: string; readonly text: string }[] {
  switch (entry.event) {
    case 'rotates':
      return entry.reasons.map(reason => ({ code: reason.code, text: renewalText(reason, entry.at) }))
    case 'retires':
      return [{ code: entry.reason.code, text: departureText(entry.reason) }]
    case 'expires':
      return [{ code: entry.why, text: endings[entry.why] }]
  }
}

function summaryOf(entries: readonly CalendarEntry[]): CalendarJson['summary'] {
  const counts = { rotates: 0, retires: 0, expires: 0 }
  const days = new Map<string, number>()
  for (const { event, at } of entries) {
    counts[event] += 1
    if (event === 'rotates') days.set(date(at), (days.get(date(at)) ?? 0) + 1)
  }
  // Of equally busy days the first.
  const [busiest] = [...days].sort(([, a], [, b]) => b - a)
  return {
    ...counts,
    busiest_day: busiest === undefined ? null : { date: busiest[0], rotations: busiest[1] },
  }
}

export function calendarToJson({ stack, now, until, entries }: Calendar): CalendarJson {
  return {
    format_version: '1.0',
    stack,
    now: isoTime(now),
    until: isoTime(until),
    entries: entries.map(entry => ({
      at: isoTime(entry.at),
      event: entry.event,
      key: entry.keyId,
      name: entry.name,
      id: entry.liveId,
      generation: entry.generation,
      reasons: reasonsOf(entry).map(({ code, text }) => ({ code, message: breakable(text) })),
      ...(entry.event === 'rotates' ? { strategy: entry.strategy } : {}),
    })),
    summary: summaryOf(entries),
  }
}

function markOf(entry: CalendarEntry): string {
  if (entry.event === 'rotates') return entry.strategy === 'in-place' ? '-/+' : '+/-'
  return entry.event === 'retires' ? '-' : '!'
}

const verbs = { rotates: 'rotates', retires: 'retires at the earliest', expires: 'expires' } as const

function entryLines(entry: CalendarEntry, palette: Palette, width: number): string[] {
  const mark = markOf(entry)
  const who =
    entry.keyId === null
      ? `${quotedName(entry.name)} ${palette.dim(`(${nameText(entry.liveId ?? '')})`)}`
      : `${nameText(entry.keyId)} ${palette.dim(`(generation ${entry.generation ?? 0})`)}`
  const why = reasonsOf(entry).map(({ text }) => text)
  const lead = `  ${' '.repeat(3 - mark.length)}${paintMark(mark, palette)} `
  return wrap(`${who} ${verbs[entry.event]}: ${why.join('; ')}`, width, lead, '        ')
}

function summaryText({ now, until, entries }: Calendar): string {
  const period = `from ${date(now)} to ${date(until)}`
  if (entries.length === 0) return `Nothing rotates, retires or expires ${period}.`
  const { rotates, retires, expires, busiest_day: busiest } = summaryOf(entries)
  const counts = `${plural(rotates, 'rotation')}, ${plural(retires, 'retirement')}, ${expires} to expire`
  const most =
    busiest === null
      ? ''
      : ` The busiest day is ${busiest.date}, with ${plural(busiest.rotations, 'rotation')}.`
  return `Calendar ${period}: ${counts}.${most}`
}

function dayTitle(at: Instant, now: Instant): string {
  return date(at) === date(now) ? `${date(at)} (today)` : `${date(at)} (${relativeTime(at, now)})`
}

/** A calendar for people, a paragraph a day. Days are in UTC. */
export function renderCalendar(
  calendar: Calendar,
  options: { readonly palette: Palette; readonly width: number },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const days = new Map<string, CalendarEntry[]>()
  for (const entry of calendar.entries) {
    const entries = days.get(date(entry.at)) ?? []
    entries.push(entry)
    days.set(date(entry.at), entries)
  }
  const sections = [...days.values()].map(entries => [
    palette.bold(dayTitle(entries[0]?.at ?? calendar.now, calendar.now)),
    ...entries.flatMap(entry => entryLines(entry, palette, width)),
  ])
  return [...sections, wrap(palette.bold(summaryText(calendar)), width)]
    .map(lines => lines.join('\n'))
    .join('\n\n')
}
