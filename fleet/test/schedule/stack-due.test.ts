import t from 'tap'
import { cases } from '../../../test/support/fuzz.ts'
import { fc } from '../../../test/support/properties.ts'
import { day, hour, minute } from '../../../src/model/duration.ts'
import { type ChangeWindow, weekdays } from '../../src/file/fleet.ts'
import { dueAt, pauseAfter } from '../../src/schedule/stack-due.ts'
import { isInWindow } from '../../src/schedule/windows.ts'

const now = Date.parse('2026-11-30T12:00:00Z')

const window = (
  from: number,
  to: number,
  days: readonly (typeof weekdays)[number][] = weekdays,
): ChangeWindow => ({
  days,
  from: from * 60,
  to: to * 60,
  timeZone: 'UTC',
})

const stack = { name: 'agents', mode: 'apply', interval: hour, jitter: 6 * minute, windows: [] } as const

const anyStack = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 20 }),
    mode: fc.constantFrom('plan' as const, 'apply' as const),
    interval: fc.integer({ min: minute, max: 30 * day }),
    jitter: fc.nat(),
    windows: fc.constantFrom<readonly ChangeWindow[]>([], [window(2, 4)], [window(22, 5, ['mon', 'sat'])]),
  })
  .map(each => ({ ...each, jitter: each.jitter % (each.interval + 1) }))

t.test('a stack that never ran is due within a minute, each at its own time', t => {
  const names = Array.from({ length: 200 }, (_, index) => `stack-${index}`)
  const due = names.map(name => dueAt({ ...stack, name }, null, 0, now, 'seed') - now)
  t.ok(due.every(each => each >= 0 && each < minute))
  const sixths = due.map(each => Math.floor(each / (10 * 1_000)))
  for (let sixth = 0; sixth < 6; sixth += 1)
    t.ok(sixths.filter(each => each === sixth).length > 15, `in the ${sixth + 1}th ten seconds`)
  t.end()
})

t.test('pauses twice as long after each failure in a row, up to six hours or the own interval', t => {
  t.strictSame(
    [0, 1, 2, 3, 4, 5, 9, 1_000_000].map(failures => pauseAfter(hour, failures) / hour),
    [1, 1, 2, 4, 6, 6, 6, 6],
  )
  t.equal(pauseAfter(day, 7), day)
  t.equal(pauseAfter(minute, 5), 16 * minute)
  t.end()
})

t.test('never runs more often than its interval says, and never waits longer than it has to', t => {
  fc.assert(
    fc.property(anyStack, fc.nat(50), fc.integer({ min: -30 * day, max: day }), (any, failures, ago) => {
      const stack = { ...any, windows: [] }
      const end = Math.min(now + ago, now)
      const due = dueAt(stack, now + ago, failures, now, 'seed')
      return due >= end + stack.interval && due <= end + Math.max(stack.interval, 6 * hour) + stack.jitter
    }),
    { numRuns: cases(1_000) },
  )
  t.end()
})

t.test('is due at the same time on every replica, and at another with another seed', t => {
  fc.assert(
    fc.property(anyStack, fc.nat(5), (any, failures) => {
      const due = () => dueAt(any, now - hour, failures, now, 'seed')
      return due() === due()
    }),
    { numRuns: cases(200) },
  )
  t.not(dueAt(stack, now, 0, now, 'one'), dueAt(stack, now, 0, now, 'other'))
  t.not(dueAt(stack, now, 0, now, 'one'), dueAt({ ...stack, name: 'other' }, now, 0, now, 'one'))
  t.end()
})

t.test('runs in a change window that it would miss: a stack that runs once a day, at noon', t => {
  const daily = { ...stack, interval: day, windows: [window(2, 4)] }
  const due = dueAt(daily, now, 0, now, 'seed')
  t.ok(isInWindow(daily.windows, due), new Date(due).toISOString())
  t.ok(due - now < day)
  t.ok(dueAt({ ...daily, mode: 'plan' }, now, 0, now, 'seed') >= now + day, 'one that only plans does not')
  t.ok(dueAt(daily, now, 1, now, 'seed') >= now + day, 'one that fails does not')
  t.ok(
    dueAt({ ...daily, interval: hour }, now, 0, now, 'seed') < now + 2 * hour,
    'one that runs often has no need to',
  )
  t.end()
})

t.test('runs before its interval is over only in a window, once in each, and at most a day earlier', t => {
  fc.assert(
    fc.property(anyStack, fc.integer({ min: minute, max: 10 * minute }), (any, length) => {
      const stack = { ...any, mode: 'apply' as const, windows: [window(2, 4)], jitter: any.jitter % hour }
      let end = now
      let lastEarly = 0
      for (let run = 0; run < 20; run += 1) {
        const due = dueAt(stack, end, 0, end, 'seed')
        if (due < end + stack.interval) {
          if (!isInWindow(stack.windows, due) || due - lastEarly < 22 * hour) return false
          lastEarly = due
        }
        if (due < end || due < end + stack.interval - day) return false
        end = due + length
      }
      return true
    }),
    { numRuns: cases(30) },
  )
  t.end()
})

t.test('a stack that runs once a day comes to its nightly window for good', t => {
  const daily = { ...stack, interval: day, jitter: hour, windows: [window(2, 4)] }
  let end = now
  let outside = 0
  for (let run = 0; run < 100; run += 1) {
    const due = dueAt(daily, end, 0, end, 'seed')
    if (!isInWindow(daily.windows, due)) outside += 1
    end = due + 10 * minute
  }
  t.equal(outside, 0)
  t.end()
})
