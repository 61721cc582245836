import pLimit from 'p-limit'
import { requestsOf } from '../plan/requests.ts'
import type { Ledger } from './ledger.ts'
import type { Run } from './run.ts'

/**
 * The same ledger, for that many changes at once, each of which begins only once its requests may be made: rather not begun than
 * left half done while the run waits for budget.
 */
export function admitting(
  ledger: Ledger,
  { budget, parallelism }: Pick<Run, 'budget' | 'parallelism'>,
): Ledger {
  const limit = pLimit(parallelism)
  return {
    ...ledger,
    begin: (change, step, work) =>
      limit(async () => {
        const release = ledger.isHalted() ? null : await budget.hold(requestsOf(change).least)
        try {
          return await ledger.begin(change, step, work)
        } finally {
          release?.()
        }
      }),
    goOn: (change, step, work) => limit(() => ledger.goOn(change, step, work)),
  }
}
