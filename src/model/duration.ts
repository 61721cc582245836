/** Milliseconds since 1970, UTC. */
export type Instant = number
/** Milliseconds. */
export type Milliseconds = number

export const second: Milliseconds = 1_000
export const minute: Milliseconds = 60 * second
export const hour: Milliseconds = 60 * minute
export const day: Milliseconds = 24 * hour
export const year: Milliseconds = 365 * day

/** A timer of Node that is set for 2^31 milliseconds or more goes off at once. */
export const longestTimer: Milliseconds = 24 * day

const units: Readonly<Record<string, Milliseconds>> = { m: minute, h: hour, d: day, w: 7 * day, y: year }

/** Reads `36h`, `90d`, `1y`: a whole number above zero and a unit (m, h, d, w, y; a year is 365 days). Null where it is none. */
export function parseDuration(text: string): Milliseconds | null {
  const match = /^([1-9]\d{0,5})([mhdwy])$/.exec(text)
  if (match === null) return null
  return Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN)
}

/** Reads how long to wait, as Terraform has it: `30s`, `5m`, `1h`, `0s`. Null where it is none. */
export function parseWait(text: string): Milliseconds | null {
  const match = /^(\d{1,6})([smh])$/.exec(text)
  if (match === null) return null
  return Number(match[1]) * (match[2] === 's' ? second : (units[match[2] ?? ''] ?? Number.NaN))
}

/** The shortest exact way to write a duration: 90 days is `90d`, 36 hours `36h`. */
export function formatDuration(duration: Milliseconds): string {
  for (const [unit, size] of [
    ['y', year],
    ['d', day],
    ['h', hour],
    ['m', minute],
  ] as const) {
    if (duration >= size && duration % size === 0) return `${duration / size}${unit}`
  }
  return `${Math.round(duration / second)}s`
}

/** Reads a calendar date such as `2027-01-31` as its first instant in UTC. Null where the date is invalid. */
export function parseDate(text: string): Instant | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && formatDate(at) === text ? at : null
}

/** `2027-01-31`, in UTC. */
export function formatDate(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10)
}
