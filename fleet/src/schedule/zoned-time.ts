import { type Instant, day, minute } from '../../../src/model/duration.ts'

/** A calendar date, as days since 1970-01-01. */
export type DayNumber = number

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(timeZone, made)
  return made
}

/** What a clock in the time zone shows, as if it stood in UTC: milliseconds, without those below a second. */
export function clockAt(timeZone: string, at: Instant): number {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) {
    if (type in parts) parts[type as keyof typeof parts] = Number(value)
  }
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second)
}

export function dayAt(timeZone: string, at: Instant): DayNumber {
  return Math.floor(clockAt(timeZone, at) / day)
}

/** 0 is Monday. 1970-01-01 was a Thursday. */
export function weekdayOf(date: DayNumber): number {
  return (((date + 3) % 7) + 7) % 7
}

/**
 * The first instant at which the clock of the time zone shows this minute of a date, or one after it: where a change of the clock leaves
 * the minute out, that change; where it shows the minute twice, the first time.
 */
export function instantOf(timeZone: string, date: DayNumber, minutes: number): Instant {
  const clock = date * day + minutes * minute
  const offsetAt = (days: number) => clockAt(timeZone, clock + days * day) - (clock + days * day)
  // No place is further from UTC than that, and none changes its clock twice in so short a time.
  const [first, last] = [offsetAt(-2), offsetAt(2)]
  if (first === last) return clock - first
  const offsets = [first, offsetAt(-1), offsetAt(0), offsetAt(1), last]
  const shows = [...new Set(offsets)]
    .map(offset => clock - offset)
    .filter(at => clockAt(timeZone, at) === clock)
    .sort((a, b) => a - b)
  if (shows[0] !== undefined) return shows[0]
  let before = clock - Math.max(...offsets)
  let after = clock - Math.min(...offsets)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (clockAt(timeZone, middle) >= clock) after = middle
    else before = middle
  }
  return after
}
