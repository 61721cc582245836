import t from 'tap'
import { serverClock } from '../../src/commands/server-clock.ts'
import { second } from '../../src/model/duration.ts'

t.test(
  'tells no time before what the server did, however long its answer took and however it cuts it',
  async t => {
    const truth = { now: Date.UTC(2026, 10, 22, 12) + 999 }
    // Our own clock is a year off, and runs as fast.
    const from = serverClock([() => truth.now - 365 * 86_400 * second])
    truth.now += 300
    const told = Math.floor(truth.now / second) * second
    truth.now += 4 * second
    const clock = from(told)
    for (const passed of [0, 1, 999, 20 * second]) {
      truth.now += passed
      t.ok(clock() >= truth.now)
      t.ok(clock() <= truth.now + 2 * second)
    }
  },
)

t.test('counts the time that a machine sleeps between the plan and its approval', t => {
  let [awake, sinceStart] = [100, 5_000]
  const clock = serverClock([() => awake, () => sinceStart])(1_000_000)
  awake += 700
  sinceStart += 1_000 + 50 * 3_600 * second
  t.equal(clock(), 1_000_000 + second + 1_000 + 50 * 3_600 * second)
  awake += 51 * 3_600 * second
  t.equal(clock(), 1_000_000 + second + 700 + 51 * 3_600 * second)
  t.end()
})
