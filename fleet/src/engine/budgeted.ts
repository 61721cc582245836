import { Readable } from 'node:stream'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { parseHttpDate } from '../../../src/platform/http-date.ts'
import { readRateLimit } from '../../../src/platform/rate-limit.ts'
import type { Incoming, Transport } from '../../../src/platform/transport.ts'
import type { Lane } from '../budget/lanes.ts'

/** The budget of one credential, which all replicas share. */
export interface SharedBudget {
  /** Takes that many requests, or none: then it resolves to how long until they may be there. */
  take(requests: number, lane: Lane): Promise<Milliseconds | null>
  giveBack(requests: number, lane: Lane): Promise<void>
  /** What the platform said of the same budget. */
  correct(told: {
    readonly limit: number
    readonly remaining: number
    readonly resetIn: Milliseconds
  }): Promise<void>
}

/** How many requests are taken from the budget at once: one question to the database for each of them would be too many. */
const atOnce = 10

/** How long to wait where the budget cannot be asked, since its database is being restarted, say. Until it can, nothing is sent. */
const unaskedPause: Milliseconds = 2 * second

/** A refusal as the platform itself would give it, and before it has to: nothing was sent, and a run waits or ends as it would then. */
function refusal(wait: Milliseconds): Incoming {
  const seconds = String(Math.max(1, Math.ceil(wait / second)))
  const headers: Readonly<Record<string, string>> = {
    'retry-after': seconds,
    'content-type': 'application/json',
  }
  const body = JSON.stringify({ detail: 'The budget of requests that the fleet shares is used up.' })
  return {
    status: 429,
    header: name => headers[name.toLowerCase()] ?? null,
    body: Readable.from([Buffer.from(body)]),
  }
}

/** Lets the requests of one run pass as far as the budget of its credential goes. */
export class BudgetedRequests {
  private allowance = 0
  /** In which the allowance was taken. */
  private takenIn: Lane = 'plan'
  private taking: Promise<Milliseconds | null> | null = null
  private made = 0
  private readonly budget: SharedBudget
  private readonly lane: () => Lane

  constructor(budget: SharedBudget, lane: () => Lane) {
    this.budget = budget
    this.lane = lane
  }

  /** How many requests were sent. */
  get requests(): number {
    return this.made
  }

  through(transport: Transport): Transport {
    return async outgoing => {
      const wait = await this.pass()
      if (wait !== null) return refusal(wait)
      this.made += 1
      const incoming = await transport(outgoing)
      const told = readRateLimit(incoming.header, parseHttpDate(incoming.header('date')) ?? Date.now())
      // The answer may hold a new secret. What the budget cannot be told now, the next answer tells it.
      if (told !== null) await this.budget.correct(told).catch(() => undefined)
      return incoming
    }
  }

  /** Null: one request may be made now. Else how long to wait before the next try. */
  private async pass(): Promise<Milliseconds | null> {
    while (this.allowance === 0) {
      this.taking ??= this.refill().finally(() => (this.taking = null))
      const wait = await this.taking
      if (wait !== null) return wait
    }
    this.allowance -= 1
    return null
  }

  private async refill(): Promise<Milliseconds | null> {
    const lane = this.lane()
    for (const requests of [atOnce, 1]) {
      const wait = await this.budget.take(requests, lane).catch(() => unaskedPause)
      if (wait === null) {
        this.allowance += requests
        this.takenIn = lane
        return null
      }
      if (requests === 1) return wait
    }
    return null
  }

  /** Gives back what was taken and not used. */
  async end(): Promise<void> {
    const left = this.allowance
    this.allowance = 0
    if (left > 0) await this.budget.giveBack(left, this.takenIn)
  }
}
