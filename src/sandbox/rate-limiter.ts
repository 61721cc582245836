import type { Answer } from './incoming-call.ts'
import { HttpError } from './http-error.ts'

/** That many requests of one key in that many milliseconds. */
export interface RateLimit {
  readonly requests: number
  readonly window: number
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads `1000/h` and `20/2s`. Null where it is none. */
export function parseRateLimit(text: string): RateLimit | null {
  const match = /^([1-9]\d{0,6})\/([1-9]\d{0,4})?([smhd])$/.exec(text)
  if (match === null) return null
  return { requests: Number(match[1]), window: Number(match[2] ?? 1) * (units[match[3] ?? ''] ?? Number.NaN) }
}

export interface RateLimiter {
  /** Counts one request. Throws a 429 where the window has no more. */
  take(callerId: string, now: number): void
  /** `X-RateLimit-*`, of the window that the last request of this caller fell into. */
  headers(callerId: string): Readonly<Record<string, string>>
}

/**
 * Windows begin with their first request, and a refused request does not count. They end with the process: nothing of them
 * is in the database, as nothing of them outlives an hour.
 */
export function openRateLimiter({ requests, window }: RateLimit): RateLimiter {
  const windows = new Map<string, { readonly end: number; readonly used: number }>()
  const headers: RateLimiter['headers'] = callerId => {
    const { end, used } = windows.get(callerId) ?? { end: 0, used: 0 }
    return {
      'x-ratelimit-limit': String(requests),
      'x-ratelimit-remaining': String(requests - used),
      // Seconds since 1970, as GitHub has it; the platform does not say what its own are.
      'x-ratelimit-reset': String(Math.ceil(end / 1_000)),
    }
  }
  return {
    take(callerId, now) {
      const known = windows.get(callerId)
      const current = known === undefined || now >= known.end ? { end: now + window, used: 0 } : known
      if (current.used >= requests) {
        const wait = Math.max(1, Math.ceil((current.end - now) / 1_000))
        throw new HttpError(
          429,
          { detail: `Rate limit exceeded. Retry after: ${wait} seconds`, code: 'rate_limited' },
          { ...headers(callerId), 'retry-after': String(wait) },
        )
      }
      windows.set(callerId, { ...current, used: current.used + 1 })
    },
    headers,
  }
}

/** The answer with what is left to its caller. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  const { status, body } = answer
  const all = { ...headers, ...answer.headers }
  return body === undefined ? { status, headers: all } : { status, body, headers: all }
}
