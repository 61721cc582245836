import t from 'tap'
import { unzip } from '../../src/pull-request/unzip.ts'
import { fc } from '../support/properties.ts'
import { zipped } from '../support/zip.ts'

const read = (archive: Uint8Array, largest = 1000) =>
  [...unzip(archive, name => name.endsWith('.json'), largest)].map(({ name, bytes }) => [
    name,
    Buffer.from(bytes).toString(),
  ])

t.test('unpacks the files that are wanted', async t => {
  t.strictSame(read(zipped('plan.json', '{"a":1}')), [['plan.json', '{"a":1}']])
  t.strictSame(read(zipped('plan.txt', 'x')), [])
  t.strictSame(read(zipped('../../plan.json', 'x')), [['../../plan.json', 'x']], 'a name leads nowhere')
})

t.test('unpacks no more than it may, whatever the archive claims', async t => {
  const bomb = zipped('plan.json', Buffer.alloc(50_000_000), 10)
  t.ok(bomb.length < 100_000)
  t.throws(() => read(bomb), { name: 'Failure', message: /too large/ })
  t.equal(read(zipped('plan.json', 'x'.repeat(1000))).length, 1)
  t.throws(() => read(zipped('plan.json', 'x'.repeat(1001))), { message: /too large/ })
})

t.test('takes a damaged archive for damaged, and never for another', async () => {
  const whole = zipped('plan.json', '{"a":1}')
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
      const damaged = Buffer.from(whole.subarray(0, length))
      if (at < damaged.length) damaged[at] = value
      try {
        read(damaged)
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'Failure') throw error
      }
    }),
    { numRuns: 500 },
  )
})
