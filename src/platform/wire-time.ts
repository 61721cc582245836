import { type Instant, day, minute } from '../model/duration.ts'

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/

/** As nearly all times are written: nothing about them has to be filled in. */
const isUsual = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/

/** Reads ISO 8601. Where no offset is given it is UTC, as the platform's times are. Null where it is none. */
export function parseTime(text: string): Instant | null {
  if (isUsual.test(text)) return validTime(text)
  const match = iso.exec(text)
  if (match === null) return null
  const [, date = '', time = '00:00', fraction = '0', offset = 'Z'] = match
  const seconds = time.length === 5 ? `${time}:00` : time
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  return validTime(`${date}T${seconds}.${milliseconds}${zone}`)
}

function validTime(text: string): Instant | null {
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}

/** The last moment that a time may mean: a date alone is as good as its end, and so is a minute. Null where it is none. */
export function parseLatest(text: string): Instant | null {
  const at = parseTime(text)
  if (at === null || isUsual.test(text)) return at
  const [, , time] = iso.exec(text) ?? []
  if (time === undefined) return at + day - 1
  return time.length === 5 ? at + minute - 1 : at
}

/** ISO 8601 in UTC, to the millisecond. */
export function formatTime(at: Instant): string {
  return new Date(at).toISOString()
}
