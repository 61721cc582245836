import pLimit from 'p-limit'
import type { Test } from 'tap'
import type { Case } from '../wire-faults.ts'
import { playCell } from './cell.ts'

/** More than any run asks, faulty or not: it is a handful, and five tries at most of each. */
const mostRequests = 25

/** Plays all cases of one call, a few at a time, since some only wait. */
export async function playCases(t: Test, cases: readonly Case[]): Promise<void> {
  const limit = pLimit(4)
  await Promise.all(
    cases.flatMap(({ call, fault, ...expected }) =>
      (['first', 'every'] as const).map(tries =>
        limit(async () => {
          const { outcome, violations, hits, requests } = await playCell(call, fault, tries)
          t.strictSame(
            { outcome, violations, hit: hits > 0, fewRequests: requests <= mostRequests },
            { outcome: expected[tries], violations: [], hit: true, fewRequests: true },
            `${fault}, at ${tries === 'first' ? 'the first try' : 'every try'}`,
          )
        }),
      ),
    ),
  )
}
