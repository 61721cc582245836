import type { Budget } from '../model/budget.ts'
import { type Instant, type Milliseconds, hour, second } from '../model/duration.ts'
import type { Try } from './call.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Pacing } from './types.ts'

/** Longer than that nobody waits: the platform's window is an hour. */
const longestWait: Milliseconds = 2 * hour

/** Keeps account of the caller's requests, and lets each pass as soon as there is budget for it. */
export interface Pace {
  budget(): Budget | null
  /** From now on calls wait for budget rather than fail. */
  begin(pacing: Pacing): void
  /** Another key calls from now on, and has a budget of its own. */
  forget(): void
  /** Resolves once that many requests may be made, or to false where the wait was interrupted. It uses up nothing. */
  ready(requests: number): Promise<boolean>
  /**
   * The same for work of that many requests, and sets them aside, so that no other such work begins which would use them up, until the
   * function that it resolves to is called.
   */
  hold(requests: number): Promise<() => void>
  /** The same for one request, which is made now. Resolves to how many waits there were before it; null: interrupted. */
  pass(): Promise<number | null>
  /**
   * Learns from what came of a request that passed after that many waits. True: it was refused for want of budget, and is to
   * be made again once `pass` lets it.
   */
  saw(outcome: Try, waits: number): boolean
}

/** What is known after one more answer. Resets are whole seconds, and answers overtake each other. */
function learnt(known: Budget | null, { limit, remaining, resetIn }: RateLimit, now: Instant): Budget {
  const resetAt = now + resetIn
  if (known === null) return { limit, remaining, resetAt, window: null }
  if (resetAt < known.resetAt + 2 * second && now < known.resetAt) {
    return { ...known, limit, remaining: Math.min(known.remaining, remaining) }
  }
  const window = resetAt - known.resetAt
  const plausible = window > 0 && window <= longestWait
  return { limit, remaining, resetAt, window: plausible ? window : known.window }
}

export function openPace(options: {
  readonly now: () => Instant
  readonly random: () => number
  readonly sleep: (milliseconds: Milliseconds, signal: AbortSignal) => Promise<void>
}): Pace {
  const { now } = options
  let known: Budget | null = null
  let pacing: Pacing | null = null
  /** Refused until then, whatever the budget says. */
  let closedUntil: Instant | null = null
  /** Filled by a wait for its reset, and not confirmed by an answer yet. */
  let refilled = false
  let waiting: Promise<boolean> | null = null
  let waits = 0
  let inFlight = 0
  let answered = signal()
  /** Set aside for work that has begun. What that work has used is still in it: near the end of a window less begins at once. */
  let held = 0
  let released = signal()

  function waitUntil(requests: number): Instant | null {
    if (closedUntil !== null) return closedUntil
    if (known === null || known.remaining >= Math.min(requests, known.limit)) return null
    return now() < known.resetAt ? known.resetAt : null
  }

  async function wait(until: Instant, { stopping, tell }: Pacing): Promise<boolean> {
    if (stopping.aborted) return false
    tell({ until, budget: known })
    try {
      // Everybody who shares the key would come back at the same moment.
      await options.sleep(Math.max(0, until - now()) + Math.ceil(second * options.random()), stopping)
    } catch {
      return false
    } finally {
      tell(null)
    }
    closedUntil = null
    if (known !== null) known = { ...known, remaining: known.limit }
    refilled = true
    waits += 1
    return !stopping.aborted
  }

  /** After a wait nobody knows more of the new window than its size, until the first answer. */
  function awaitsFirstAnswer(): boolean {
    return refilled && inFlight > 0 && known !== null && known.remaining <= 0
  }

  /** Takes as soon as there is budget, with nothing in between: else all would find the same budget and take it. */
  async function untilReady(requests: number, take: () => void): Promise<boolean> {
    for (;;) {
      const until = waitUntil(requests)
      if (pacing === null || (until === null && !awaitsFirstAnswer())) break
      if (until === null) {
        await answered.next
        continue
      }
      waiting ??= wait(until, pacing).finally(() => (waiting = null))
      if (!(await waiting)) return false
    }
    take()
    return true
  }

  const isHeld = (requests: number) =>
    pacing !== null &&
    held > 0 &&
    known !== null &&
    known.remaining < requests + held &&
    now() < known.resetAt

  async function hold(requests: number): Promise<() => void> {
    for (;;) {
      const attempt = { isFree: false }
      const take = () => {
        attempt.isFree = !isHeld(requests)
        if (attempt.isFree) held += requests
      }
      // Where it was interrupted nothing is taken, and nothing begins any more.
      if (!(await untilReady(requests, take))) return () => undefined
      if (attempt.isFree) break
      await released.next
    }
    return () => {
      held -= requests
      released.tell()
      released = signal()
    }
  }

  return {
    budget: () => known,
    hold,
    begin: asked => (pacing = asked),
    forget: () => {
      known = null
      closedUntil = null
    },
    ready: requests => untilReady(requests, () => undefined),
    async pass() {
      let before = waits
      const passed = await untilReady(1, () => {
        if (known !== null) known = { ...known, remaining: known.remaining - 1 }
        before = waits
        inFlight += 1
      })
      return passed ? before : null
    },
    saw(outcome, before) {
      inFlight -= 1
      const isRefusal = learn(outcome, before)
      answered.tell()
      answered = signal()
      return isRefusal
    },
  }

  function learn(outcome: Try, before: number): boolean {
    if (outcome.kind !== 'answer') return false
    const { status, retryAfter, rateLimit } = outcome
    const refused = pacing !== null && status === 429 && retryAfter !== null && retryAfter <= longestWait
    // What was asked before the last wait says nothing about now.
    if (before < waits) return refused
    if (rateLimit !== null) {
      const sent = refilled && known !== null ? known.remaining : Infinity
      const next = learnt(known, rateLimit, now())
      known = { ...next, remaining: Math.min(next.remaining, sent) }
    }
    refilled = false
    if (refused) closedUntil = Math.max(closedUntil ?? 0, now() + retryAfter)
    return refused
  }
}

interface Signal {
  readonly next: Promise<void>
  tell(): void
}

function signal(): Signal {
  let tell: () => void = () => undefined
  const next = new Promise<void>(resolve => (tell = resolve))
  return { next, tell }
}
