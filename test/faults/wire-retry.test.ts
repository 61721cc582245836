// Two faults in a row at each call: it was carried out and its answer got lost, and the retry meets another fault.
import pLimit from 'p-limit'
import t from 'tap'
import { playCell } from './support/cell.ts'
import type { FaultName } from './support/fault-table.ts'
import { readingCalls, readingCases, writing, writingCalls } from './wire-faults.ts'
import { rareReads, rareReadingCases, rareWrites } from './wire-rare-faults.ts'

const faults = Object.keys(writing) as FaultName[]

for (const call of [...writingCalls, ...rareWrites]) {
  t.test(`${call}: claims nothing and loses nothing where the retry meets a fault of its own`, async t => {
    const limit = pLimit(4)
    await Promise.all(
      faults.map(fault =>
        limit(async () => {
          const { outcome, violations, hits } = await playCell(call, fault, 'retry')
          t.strictSame({ violations, hits }, { violations: [], hits: 2 }, `${fault}: ${outcome}`)
          t.match(outcome, /^(?:0$|[^0])/, 'exit code 0 only where all was done')
        }),
      ),
    )
  })
}

/** After each other fault a read is tried again, so a fault at every try meets the retries too. */
const neverTriedAgain: ReadonlySet<FaultName> = new Set([
  ...(['409', '412', '422', 'redirect to another origin', 'HTML for JSON, without a commit'] as const),
  ...(['gzip bomb', 'clock a day ahead', 'clock a day behind'] as const),
  ...(['page lost', 'page of older keys lost', 'page repeated', 'cursor loop'] as const),
])

for (const call of [...readingCalls, ...rareReads]) {
  t.test(`${call}: ends as it would have at the first try where the retry meets the fault`, async t => {
    const limit = pLimit(4)
    const cases = [...readingCases, ...rareReadingCases].filter(each => each.call === call)
    await Promise.all(
      cases
        .filter(({ fault }) => neverTriedAgain.has(fault))
        .map(({ fault, first }) =>
          limit(async () => {
            const { outcome, violations, hits } = await playCell(call, fault, 'retry')
            t.strictSame(
              { outcome, violations, twice: hits > 1 },
              { outcome: first, violations: [], twice: true },
              fault,
            )
          }),
        ),
    )
  })
}
