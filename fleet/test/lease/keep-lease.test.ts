import t from 'tap'
import { hour } from '../../../src/model/duration.ts'
import { startAge } from '../../src/lease/clocks.ts'
import { keepLease } from '../../src/lease/keep-lease.ts'

function kept() {
  const now = { monotonic: 1_000, wall: 5_000_000 }
  const clocks = { monotonic: () => now.monotonic, wall: () => now.wall }
  // An hour: the timers of the test's own time never go off.
  const lease = keepLease(
    { stack: 'shop', epoch: 7, duration: hour, renewedEvery: hour / 3, clocks, age: startAge(clocks) },
    { renew: () => Promise.resolve(true), release: () => Promise.resolve() },
  )
  return { now, lease }
}

const late = 0.7 * hour

t.test('is held until seven tenths of its time by both clocks', async t => {
  const { now, lease } = kept()
  now.monotonic += late - 1
  now.wall += late - 1
  lease.requireHeld()
  now.monotonic += 1
  t.throws(() => lease.requireHeld(), { code: 'conflict', message: /shop.*not renewed in time/ })
  t.ok(lease.lost.aborted)
})

t.test('is lost where the monotonic clock stood still, as on a suspended machine', async t => {
  const { now, lease } = kept()
  now.wall += late
  t.throws(() => lease.requireHeld(), { code: 'conflict' })
})

t.test('is lost where the other clock was set back', async t => {
  const { now, lease } = kept()
  now.wall -= 10 * late
  now.monotonic += late
  t.throws(() => lease.requireHeld(), { code: 'conflict' })
})

t.test('stays lost, though its clock is set right again', async t => {
  const { now, lease } = kept()
  now.wall += late
  t.throws(() => lease.requireHeld(), { code: 'conflict' })
  now.wall -= late
  t.throws(() => lease.requireHeld(), { code: 'conflict' })
})
