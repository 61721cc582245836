import { setTimeout } from 'node:timers/promises'
import { type Instant, type Milliseconds, minute, second } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'
import { askForListing, giveUpListing, keepListing, storeListing } from '../listing/listing.ts'
import type { SharedAnswers } from './shared-answers.ts'

export interface Shared {
  readonly answers: SharedAnswers
  /** When they were asked for, by the database's clock. */
  readonly begunAt: Instant
  /** How old they are now. */
  readonly age: () => Milliseconds
}

/** What a run asks for, by the database's clock. */
export interface Wanted {
  readonly now: Instant
  readonly notBefore: Instant
}

/** How long others wait for a listing whose lister is gone. While one is at work it renews its claim: 100,000 keys take minutes. */
const usualClaim: Milliseconds = 12 * second
const lookAgainAfter = second / 4

/** Lists the keys of an account once for all runs that look at them at about the same time, whichever replica they are on. */
export class SharedListings {
  private readonly known = new Map<string, Shared>()
  private readonly waiting = new Map<string, Promise<Shared>>()
  private readonly db: Database
  private readonly claim: Milliseconds

  constructor(db: Database, claim = usualClaim) {
    this.db = db
    this.claim = claim
  }

  /** Answers that were asked for at `notBefore` or later. `list` asks the platform; rejects with what it rejects with. */
  async get(credential: string, wanted: Wanted, list: () => Promise<SharedAnswers>): Promise<Shared> {
    const known = this.known.get(credential)
    if (known !== undefined && known.begunAt >= wanted.notBefore) return known
    const waiting = this.waiting.get(credential)
    if (waiting !== undefined) {
      await waiting.catch(() => undefined)
      return await this.get(credential, wanted, list)
    }
    const found = this.find(credential, wanted, list).finally(() => this.waiting.delete(credential))
    this.waiting.set(credential, found)
    return await found
  }

  /** How many requests the last listing took; 2 where there was none. */
  costOf(credential: string): number {
    return Object.keys(this.known.get(credential)?.answers ?? {}).length || 2
  }

  private async find(
    credential: string,
    { now, notBefore }: Wanted,
    list: () => Promise<SharedAnswers>,
  ): Promise<Shared> {
    const asked = performance.now()
    for (;;) {
      const age = now - notBefore + (performance.now() - asked)
      const listing = await askForListing(this.db, credential, { age, hold: this.claim })
      switch (listing.kind) {
        case 'there': {
          const answers = JSON.parse(listing.body) as SharedAnswers
          return this.remember(credential, listing.begunAt, performance.now() - listing.age, answers)
        }
        case 'yours':
          // It begins now, and that is later than what was asked for.
          return this.remember(
            credential,
            now,
            performance.now(),
            await this.list(credential, listing.right, list),
          )
        case 'busy':
          await setTimeout(Math.min(listing.retryIn, lookAgainAfter))
      }
    }
  }

  private async list(
    credential: string,
    right: string,
    list: () => Promise<SharedAnswers>,
  ): Promise<SharedAnswers> {
    const renewing = setInterval(() => {
      // Where that fails, another one may list as well, which costs its requests and nothing else.
      keepListing(this.db, credential, right, this.claim).catch(() => undefined)
    }, this.claim / 3).unref()
    try {
      const answers = await list()
      await storeListing(this.db, credential, right, JSON.stringify(answers))
      return answers
    } catch (cause) {
      await giveUpListing(this.db, credential, right).catch(() => undefined)
      throw cause
    } finally {
      clearInterval(renewing)
    }
  }

  private remember(credential: string, begunAt: Instant, takenAt: number, answers: SharedAnswers): Shared {
    const shared: Shared = { begunAt, answers, age: () => performance.now() - takenAt }
    this.known.set(credential, shared)
    return shared
  }
}

/** A listing may use this share of an hour's requests. */
const requestsForListings = 300

/** How old a listing may be for a stack: a moment where it costs little, longer for large accounts, and never half an interval. */
export function freshnessOf(
  requestsOfListing: number,
  interval: Milliseconds,
  tick: Milliseconds,
): Milliseconds {
  const hour = 60 * minute
  const affordable = Math.ceil((requestsOfListing * hour) / requestsForListings)
  return Math.min(interval / 2, Math.max(tick, affordable))
}
