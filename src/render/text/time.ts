import { type Instant, type Milliseconds, day, hour, minute, second, year } from '../../model/duration.ts'
import { unbreakable } from './layout.ts'

/** The last instant that the calendar of JavaScript knows; a declared period may reach beyond it. */
const lastInstant: Instant = 8.64e15

/** ISO 8601 in UTC to the second: `2026-11-22T14:05:00Z`. */
export function isoTime(at: Instant): string {
  return new Date(Math.min(at, lastInstant)).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** `2026-11-22 14:05 UTC`. */
export function dateTime(at: Instant): string {
  const [date = '', time = ''] = isoTime(at).split('T')
  return `${date} ${time.slice(0, 5)} UTC`
}

/** `2026-11-22`, in UTC. */
export function date(at: Instant): string {
  return isoTime(at).split('T')[0] ?? ''
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}

const units = [
  ['day', day],
  ['hour', hour],
  ['minute', minute],
  ['second', second],
] as const

/**
 * A duration in words, rounded down: `75 days`, `36 hours`, `90 minutes`. A unit is used from two of it on, or where
 * it is exact, so that what was declared as `36h` is not shown as `1 day`.
 */
export function durationInWords(duration: Milliseconds): string {
  for (const [unit, size] of units) {
    if (duration >= 2 * size || duration === size) return count(Math.floor(duration / size), unit)
  }
  return duration > 0 ? '1 second' : '0 seconds'
}

/** The same with the next smaller unit next to it, where two durations would read alike: `60 days and 2 hours`. */
export function exactDurationInWords(duration: Milliseconds): string {
  const index = units.findIndex(([, size]) => duration >= 2 * size || duration === size)
  const rest = duration % (units[index]?.[1] ?? second)
  for (const [unit, size] of units.slice(index + 1)) {
    if (rest >= size) return `${durationInWords(duration)} and ${count(Math.floor(rest / size), unit)}`
  }
  return durationInWords(duration)
}

/** `2 hours ago`, `in 3 days`, `just now`. Months are 30 days. */
export function relativeTime(at: Instant, now: Instant): string {
  const distance = Math.abs(now - at)
  if (distance < minute) return 'just now'
  const words = roughly(distance)
  return at <= now ? `${words} ago` : `in ${words}`
}

function roughly(distance: Milliseconds): string {
  if (distance < hour) return count(Math.floor(distance / minute), 'minute')
  if (distance < 2 * day) return count(Math.floor(distance / hour), 'hour')
  if (distance <= 90 * day) return count(Math.floor(distance / day), 'day')
  if (distance < 2 * year) return count(Math.floor(distance / (30 * day)), 'month')
  return count(Math.floor(distance / year), 'year')
}

/** `2027-01-31 12:00 UTC (in 2 hours)`, its first part on one line. */
export function moment(at: Instant, now: Instant): string {
  return `${unbreakable(dateTime(at))} (${relativeTime(at, now)})`
}
