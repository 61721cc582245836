import { type Instant, type Milliseconds, hour } from './duration.ts'

/** What is known of the requests that the caller may still make. The platform allows 1,000 an hour for each key. */
export interface Budget {
  /** Requests in one window. */
  readonly limit: number
  readonly remaining: number
  /** When the next window begins, by our own clock. */
  readonly resetAt: Instant
  /** How long a window is; null where none has ended yet. */
  readonly window: Milliseconds | null
}

/** A wait for the next window. */
export interface BudgetWait {
  /** By our own clock. */
  readonly until: Instant
  /** Null where the platform only said how long to wait. */
  readonly budget: Budget | null
}

/** The platform's own rule: its page on API keys, "Rate Limits". */
export const platformLimit = { requests: 1_000, window: hour } as const

/** How many times that many requests have to wait for the next window. */
export function waitsFor(requests: number, { limit, remaining }: Budget): number {
  return Math.max(0, Math.ceil((requests - remaining) / limit))
}

/** How long that many requests take where nothing but the budget delays them. Of a window that never ended an hour is assumed. */
export function timeFor(requests: number, budget: Budget, now: Instant): Milliseconds {
  const waits = waitsFor(requests, budget)
  if (waits === 0) return 0
  const window = budget.window ?? platformLimit.window
  return Math.max(0, budget.resetAt - now) + (waits - 1) * window
}
