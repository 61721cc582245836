// Two faults in a row at each call that writes: it was carried out and its answer got lost, and the retry meets another fault.
import pLimit from 'p-limit'
import t from 'tap'
import { playCell } from './support/cell.ts'
import { type FaultName, writing, writingCalls } from './wire-faults.ts'

const faults = Object.keys(writing) as FaultName[]

for (const call of writingCalls) {
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
