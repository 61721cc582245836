// Each fault of the wire at each call that writes, over real sockets, and one recovery. The expected endings: wire-faults.ts.
import t from 'tap'
import { playCases } from './support/wire-test.ts'
import { writingCalls, writingCases } from './wire-faults.ts'

for (const call of writingCalls) {
  t.test(`${call}: ends as the table says, and the next apply heals it, whatever the wire does`, t =>
    playCases(
      t,
      writingCases.filter(each => each.call === call),
    ),
  )
}
