import { type Instant, type Milliseconds, second } from '../model/duration.ts'

/** Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), the only form that servers may send. Null where it is none. */
export function parseHttpDate(text: string | null): Instant | null {
  if (text === null || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text))
    return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}

/** Reads a `Retry-After` of seconds or a date (RFC 9110, 10.2.3) as a time to wait from `now`. Null where it is none. */
export function parseRetryAfter(text: string | null, now: Instant): Milliseconds | null {
  if (text === null) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * second
  const at = parseHttpDate(text)
  return at === null ? null : Math.max(0, at - now)
}
