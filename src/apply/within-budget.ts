import { requestsOf } from '../plan/requests.ts'
import type { Ledger } from './ledger.ts'
import type { RunBudget } from './run.ts'

/** The same ledger, where work begins only once its requests may be made: rather not begun than left half done while it waits. */
export function withinBudget(ledger: Ledger, budget: Pick<RunBudget, 'hold'>): Ledger {
  return {
    ...ledger,
    begin: async (change, step, work) => {
      const release = ledger.isHalted() ? null : await budget.hold(requestsOf(change).least)
      try {
        return await ledger.begin(change, step, work)
      } finally {
        release?.()
      }
    },
  }
}
