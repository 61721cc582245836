import { type Instant, type Milliseconds, second } from '../model/duration.ts'

/** What an answer says of the caller's requests. */
export interface RateLimit {
  /** Requests in one window. */
  readonly limit: number
  readonly remaining: number
  /** Until the next window begins, counted from the answer. */
  readonly resetIn: Milliseconds
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null
}

/** Times below this are not instants, but seconds to wait. It was in 2001. */
const firstInstant = 1_000_000_000

/**
 * Reads the three `X-RateLimit-*` headers; null where one is missing or no number. The reset is in seconds since 1970, as
 * GitHub has it, or from now, as others do: the platform does not say.
 */
export function readRateLimit(header: (name: string) => string | null, serverNow: Instant): RateLimit | null {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map(name =>
    wholeNumber(header(`x-ratelimit-${name}`)),
  )
  if (limit === undefined || remaining === undefined || reset === undefined) return null
  if (limit === null || remaining === null || reset === null || limit === 0) return null
  const resetIn = reset < firstInstant ? reset * second : Math.max(0, reset * second - serverNow)
  return { limit, remaining, resetIn }
}
