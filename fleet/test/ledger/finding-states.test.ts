import t from 'tap'
import type { FindingState } from '../../src/database/tables.ts'
import { nextState } from '../../src/ledger/finding-states.ts'

type Row = readonly [
  before: FindingState | null,
  seen: FindingState | null,
  suppressed: FindingState | null,
  gone: FindingState | null,
]

const table: readonly Row[] = [
  [null, 'open', 'suppressed', null],
  ['open', 'open', 'suppressed', 'resolved'],
  ['reopened', 'reopened', 'suppressed', 'resolved'],
  ['suppressed', 'open', 'suppressed', 'resolved'],
  ['resolved', 'reopened', 'suppressed', 'resolved'],
]

for (const [before, seen, suppressed, gone] of table) {
  t.test(`goes on from ${before ?? 'nothing'} as it is seen, seen and suppressed, or not seen`, async t => {
    t.equal(nextState(before, { suppressed: false }), seen)
    t.equal(nextState(before, { suppressed: true }), suppressed)
    t.equal(nextState(before, null), gone)
  })
}
