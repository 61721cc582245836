import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { correctBudget, giveBackRequests, takeRequests } from '../budget/take-requests.ts'
import type { Database } from '../database/connect.ts'
import type { SharedBudget } from './budgeted.ts'

/** What the platform says is written down at most this often: each request of each run would be a statement more. */
const correctedEvery: Milliseconds = second

/** The budget of one credential in the database. What it cannot be told is told with the next answer. */
export function sharedBudget(db: Database, credential: string): SharedBudget {
  let correctedAt = Number.NEGATIVE_INFINITY
  return {
    take: async (requests, lane) => {
      const taken = await takeRequests(db, credential, requests, lane)
      return taken.taken ? null : taken.retryIn
    },
    giveBack: async (requests, lane) => await giveBackRequests(db, credential, requests, lane),
    correct: async told => {
      const now = performance.now()
      if (now - correctedAt < correctedEvery && told.remaining > 0) return
      correctedAt = now
      await correctBudget(db, credential, told)
    },
  }
}
