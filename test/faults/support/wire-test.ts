import pLimit from 'p-limit'
import type { Test } from 'tap'
import { type Played, playCell } from './cell.ts'
import type { Case, Ending } from './fault-table.ts'
import type { CallName } from './scenes.ts'

/** More than any run asks, faulty or not: it is a handful, and five tries at most of each. */
const mostRequests = 25

function check(
  t: Test,
  { outcome, violations, hits, requests }: Played,
  expected: Ending,
  title: string,
): void {
  t.strictSame(
    { outcome, violations, hit: hits > 0, fewRequests: requests <= mostRequests },
    { outcome: expected, violations: [], hit: true, fewRequests: true },
    title,
  )
}

const waits = ({ fault }: Case) => Number(fault === 'slow drip')

/** Plays all cases of one call, a few at a time; what only waits begins first, so that the others fill the time. */
export async function playCases(t: Test, cases: readonly Case<CallName>[]): Promise<void> {
  const limit = pLimit(4)
  await Promise.all(
    [...cases]
      .sort((a, b) => waits(b) - waits(a))
      .map(({ call, fault, first, every }) =>
        limit(async () => {
          const played = await playCell(call, fault, 'every')
          check(t, played, every, `${fault}, at every try`)
          // Where there was but one try, a fault at the first one is the same play.
          const alone = played.hits === 1 ? played : await playCell(call, fault, 'first')
          check(t, alone, first, `${fault}, at the first try`)
        }),
      ),
  )
}
