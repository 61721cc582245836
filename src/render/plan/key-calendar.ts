import type { Calendar, CalendarEntry } from '../../model/calendar.ts'
import { type Instant, day } from '../../model/duration.ts'
import type { Palette } from '../text/palette.ts'
import { reasonWords } from './reason-words.ts'
import { renewalText } from './reasons.ts'
import { paintMark } from '../text/rows.ts'
import { breakable, displayWidth, minimumWidth, pad, wrap } from '../text/layout.ts'
import { date, isoTime } from '../text/time.ts'
import { nameText, plural, quotedName } from '../text/values.ts'

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

function grantText({ grant, granted, reason }: Extract<CalendarEntry, { event: 'narrows' }>): string {
  return `its temporary ${grant} ${quotedName(granted)} ended: ${quotedName(reason)}`
}

function reasonsOf(entry: CalendarEntry): readonly { readonly code: string; readonly text: string }[] {
  switch (entry.event) {
    case 'rotates':
      return entry.reasons.map(reason => ({ code: reason.code, text: renewalText(reason, entry.at) }))
    case 'narrows':
      return [{ code: `temporary-${entry.grant}`, text: grantText(entry) }]
    case 'retires':
      return [{ code: entry.reason.code, text: departureText(entry.reason) }]
    case 'expires':
      return [{ code: entry.why, text: endings[entry.why] }]
  }
}

function summaryOf(entries: readonly CalendarEntry[]): CalendarJson['summary'] {
  const counts = { rotates: 0, narrows: 0, retires: 0, expires: 0 }
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
  return { narrows: '~', retires: '-', expires: '!' }[entry.event]
}

/** Days are counted as a calendar does, in UTC: from midnight to midnight, whatever the hour is. */
function daysAway(at: Instant, now: Instant): string {
  const days = Math.floor(at / day) - Math.floor(now / day)
  if (days === 0) return 'today'
  return days === 1 ? 'tomorrow' : `in ${days} days`
}

function keyText(entry: CalendarEntry): string {
  if (entry.keyId !== null) return nameText(entry.keyId)
  return `${quotedName(entry.name)} ${nameText(entry.liveId ?? '')}`
}

const shortEndings = {
  'fixed-date': 'declared date',
  external: 'adopted, not renewed',
  superseded: 'replaced',
  undeclared: 'not declared',
  unmanaged: 'unmanaged',
} as const satisfies Record<keyof typeof endings, string>

const shortDepartures = {
  superseded: 'replaced, grace is over',
  leaked: 'leaked, and replaced',
  undeclared: 'not declared',
  abandoned: 'never delivered',
  unmanaged: 'unmanaged',
  unused: 'unmanaged and unused',
} as const satisfies Record<Extract<CalendarEntry, { event: 'retires' }>['reason']['code'], string>

/** Why, in as few words as fit a row; JSON has the sentences. */
function whyText(entry: CalendarEntry): string {
  switch (entry.event) {
    case 'rotates':
      return [...new Set(entry.reasons.map(({ code }) => reasonWords[code]))].join(', ')
    case 'narrows':
      return `${entry.grant} ${nameText(entry.granted)} ends`
    case 'retires':
      return shortDepartures[entry.reason.code]
    case 'expires':
      return shortEndings[entry.why]
  }
}

/** Narrower than this, the reason stands on a line of its own. */
const roomy = 60

/** One row an event, its columns aligned. */
function entryRows({ entries, now }: Calendar, palette: Palette, width: number): string[] {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth))
  const keys = Math.min(longest(entries.map(keyText)), Math.max(12, Math.floor(width / 3)))
  const away = longest(entries.map(({ at }) => daysAway(at, now)))
  return entries.flatMap(entry => {
    const { at, event } = entry
    const mark = markOf(entry)
    const symbol = `${' '.repeat(3 - mark.length)}${paintMark(mark, palette)}`
    const lead = `${date(at)}  ${pad(daysAway(at, now), away)}  ${symbol} ${event}  `
    const key = keyText(entry)
    const hanging = ' '.repeat(width < roomy ? 4 : displayWidth(lead) + keys + 2)
    return width < roomy || displayWidth(key) > keys
      ? [...wrap(palette.bold(key), Infinity, lead), ...wrap(whyText(entry), width, hanging)]
      : wrap(whyText(entry), width, `${lead}${palette.bold(pad(key, keys))}  `, hanging)
  })
}

function summaryText({ now, until, entries }: Calendar): string {
  const period = `from ${date(now)} to ${date(until)}`
  if (entries.length === 0) return `Nothing rotates, retires or expires ${period}.`
  const { rotates, narrows, retires, expires, busiest_day: busiest } = summaryOf(entries)
  const ends = narrows === 0 ? '' : `, ${plural(narrows, 'temporary grant')} to end`
  const counts = `${plural(rotates, 'rotation')}${ends}, ${plural(retires, 'retirement')}, ${expires} to expire`
  const most =
    busiest === null
      ? ''
      : ` The busiest day is ${busiest.date}, with ${plural(busiest.rotations, 'rotation')}.`
  return `Calendar ${period}: ${counts}.${most}`
}

/** A calendar for people, a row an event. Days are in UTC. */
export function renderCalendar(
  calendar: Calendar,
  options: { readonly palette: Palette; readonly width: number },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const { entries } = calendar
  const sections = [
    ...(entries.length === 0 ? [] : [entryRows(calendar, palette, width)]),
    [
      ...(entries.some(({ event }) => event === 'retires')
        ? wrap('A key retires on its day at the earliest: as long as somebody uses it, it stays.', width)
        : []),
      ...wrap(palette.bold(summaryText(calendar)), width),
    ],
  ]
  return sections.map(lines => lines.join('\n')).join('\n\n')
}
