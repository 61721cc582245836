// Each fault of the wire at the calls that one seldom comes to, over real sockets, and one recovery. The expected endings: wire-rare-faults.ts.
import t from 'tap'
import { playCases } from './support/wire-test.ts'
import { rareReads, rareReadingCases, rareWrites, rareWritingCases } from './wire-rare-faults.ts'

const cases = [...rareReadingCases, ...rareWritingCases]

for (const call of [...rareReads, ...rareWrites]) {
  t.test(`${call}: ends as the table says, and the next apply heals it, whatever the wire does`, t =>
    playCases(
      t,
      cases.filter(each => each.call === call),
    ),
  )
}
