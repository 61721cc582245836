import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { type Instant, type Milliseconds, minute, second } from '../../../src/model/duration.ts'
import type { Database } from '../database/connect.ts'
import {
  type KeptListing,
  claimListing,
  giveUpListing,
  keepListing,
  newestListing,
} from '../listing/listing-rows.ts'
import type { SharedAnswers } from './shared-answers.ts'

export interface Shared {
  readonly answers: SharedAnswers
  /** How old they are now. */
  readonly age: () => Milliseconds
}

interface Known extends Shared {
  readonly begunAt: Instant
}

/** As long as one listing of 100,000 keys may take. */
const claimTime = 2 * minute
const lookAgainAfter = second / 4

/** Lists the keys of an account once for all runs that look at them at about the same time, whichever replica they are on. */
export class SharedListings {
  private readonly known = new Map<string, Known>()
  private readonly waiting = new Map<string, Promise<Shared>>()
  private readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  /** Answers that were asked for at `notBefore` or later. `list` asks the platform; rejects with what it rejects with. */
  async get(credential: string, notBefore: Instant, list: () => Promise<SharedAnswers>): Promise<Shared> {
    const known = this.known.get(credential)
    if (known !== undefined && known.begunAt >= notBefore) return known
    const waiting = this.waiting.get(credential)
    if (waiting !== undefined) {
      await waiting.catch(() => undefined)
      return await this.get(credential, notBefore, list)
    }
    const found = this.find(credential, notBefore, list).finally(() => this.waiting.delete(credential))
    this.waiting.set(credential, found)
    return await found
  }

  /** How many requests the last listing took; 2 where there was none. */
  costOf(credential: string): number {
    return Object.keys(this.known.get(credential)?.answers ?? {}).length || 2
  }

  private async find(
    credential: string,
    notBefore: Instant,
    list: () => Promise<SharedAnswers>,
  ): Promise<Shared> {
    for (;;) {
      const kept = await newestListing(this.db, credential, notBefore)
      if (kept !== null) return this.learn(credential, kept, await unpack(kept.body))
      const claim = await claimListing(this.db, credential, notBefore, claimTime)
      if (claim !== null) return await this.list(credential, notBefore, claim, list)
      await setTimeout(lookAgainAfter)
    }
  }

  private async list(
    credential: string,
    notBefore: Instant,
    claim: string,
    list: () => Promise<SharedAnswers>,
  ): Promise<Shared> {
    const begun = performance.now()
    let answers: SharedAnswers
    try {
      answers = await list()
    } catch (cause) {
      await giveUpListing(this.db, credential, claim).catch(() => undefined)
      throw cause
    }
    await keepListing(this.db, credential, claim, await pack(answers))
    // It was begun after the right to it was taken, and that after `notBefore`.
    return this.remember(credential, notBefore, begun, answers)
  }

  private learn(credential: string, { begunAt, age }: KeptListing, answers: SharedAnswers): Shared {
    return this.remember(credential, begunAt, performance.now() - age, answers)
  }

  private remember(credential: string, begunAt: Instant, takenAt: number, answers: SharedAnswers): Shared {
    const shared: Known = { begunAt, answers, age: () => performance.now() - takenAt }
    this.known.set(credential, shared)
    return shared
  }
}

async function pack(answers: SharedAnswers): Promise<Buffer> {
  return await promisify(deflate)(JSON.stringify(answers))
}

async function unpack(body: Buffer): Promise<SharedAnswers> {
  const text = (await promisify<Buffer, Buffer>(inflate)(body)).toString('utf8')
  return JSON.parse(text) as SharedAnswers
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
