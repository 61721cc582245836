// Keys that were made together fall due on days far apart, and stay apart.
import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { day } from '../../src/model/duration.ts'
import { dueAge, rotationSlots } from '../../src/lifecycle/spread.ts'
import { desiredKey, now, stack } from '../support/build.ts'

const maxAge = 60 * day
const amount = 200
const keys = Array.from({ length: amount }, (_, index) =>
  desiredKey({ keyId: `key-${index}`, rotation: { maxAge } }),
)
const slots = [...rotationSlots(stack, keys).values()]

function perDay(moments: readonly number[]): readonly number[] {
  const counts = new Map<number, number>()
  for (const at of moments) counts.set(Math.ceil(at / day), (counts.get(Math.ceil(at / day)) ?? 0) + 1)
  return [...counts.values()]
}

t.test('gives the keys of one maximum age one turn each, the same in any order', async t => {
  t.strictSame(
    [...slots].sort((a, b) => a - b),
    keys.map((_, index) => index / amount),
  )
  fc.assert(
    fc.property(fc.shuffledSubarray(keys, { minLength: amount }), shuffled => {
      assert.deepEqual(
        new Map([...rotationSlots(stack, shuffled)].sort()),
        new Map([...rotationSlots(stack, keys)].sort()),
      )
    }),
    { numRuns: 20 },
  )
  t.strictNotSame(
    rotationSlots('other-stack', keys),
    rotationSlots(stack, keys),
    'other stacks have other slots',
  )
  t.strictSame(rotationSlots(stack, [desiredKey({ rotation: { maxAge: null } })]), new Map())
})

t.test('lets a key without peers live its whole maximum age', async t => {
  t.strictSame(rotationSlots(stack, [desiredKey()]), new Map())
  t.equal(dueAge(maxAge, undefined, now), maxAge)
})

t.test('lets a key fall due in the last third of its maximum age, whenever it was made', async () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1, max: 800 }),
      (turn, madeAt, length) => {
        const age = dueAge(length * day, turn, madeAt)
        assert.ok(age >= ((length * day) / 3) * 2 - 1 && age <= length * day + 1e-3)
      },
    ),
  )
})

t.test('spreads keys that were made together over that third', async t => {
  const counts = perDay(slots.map(turn => dueAge(maxAge, turn, now)))
  t.ok(counts.length >= 20, `${counts.length} days`)
  t.ok(Math.max(...counts) <= 12, `${Math.max(...counts)} on the busiest day: 10 would be even`)
})

t.test(
  'keeps them as far apart as can be once they have found their turns, where runs are late, too',
  async t => {
    let made = slots.map(() => now)
    for (let round = 0; round < 12; round += 1) {
      // Each run comes up to a day late.
      made = made.map((at, index) => at + dueAge(maxAge, slots[index], at) + (((index * 7) % 24) / 24) * day)
    }
    const counts = perDay(made.map(at => at % (50 * day)))
    t.ok(Math.max(...counts) <= 8, `${Math.max(...counts)} on the busiest of 50 days: 4 would be even`)
  },
)
