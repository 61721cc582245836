import { BlockList, isIPv6 } from 'node:net'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { contains, isRange } from '../../src/model/address-range.ts'

t.test('knows ranges from what only looks like one', async t => {
  for (const range of [
    '203.0.113.7',
    '203.0.113.0/24',
    '0.0.0.0/0',
    '10.0.0.0/8',
    '2001:db8::/32',
    '::1',
    '::',
    '::/0',
    '::ffff:203.0.113.7',
    '2001:DB8:0:0:1:0:0:1',
  ])
    t.ok(isRange(range), range)
  for (const text of [
    '',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.007',
    '203.0.113.7/24',
    '203.0.113.0/33',
    '203.0.113.0/',
    '203.0.113.0/24/8',
    '2001:db8::1/32',
    '2001:db8::/129',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7::8',
    'fe80::1%eth0',
    'localhost',
    '12345::',
  ])
    t.notOk(isRange(text), text)
})

t.test('takes a version 4 address for the version 6 one that stands for it', async t => {
  t.ok(contains('203.0.113.0/24', '::ffff:203.0.113.9'))
  t.ok(contains('::ffff:0:0/96', '203.0.113.9'))
  t.notOk(contains('203.0.113.0/24', '203.0.114.9'))
  t.notOk(contains('0.0.0.0/0', '2001:db8::1'))
  t.notOk(contains('203.0.113.0/24', 'unknown'), 'what the platform may say')
})

t.test('agrees with Node about random addresses near the edges of ranges', async () => {
  const words = fc.array(fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff), {
    minLength: 8,
    maxLength: 8,
  })
  const ip = (all: readonly number[]) => all.map(word => word.toString(16)).join(':')
  fc.assert(
    fc.property(
      words,
      words,
      fc.integer({ min: 0, max: 128 }),
      fc.integer({ min: 0, max: 8 }),
      (a, b, prefix, same) => {
        const network = a.map((word, index) => {
          const bits = Math.min(16, Math.max(0, prefix - 16 * index))
          return word & ((0xffff << (16 - bits)) & 0xffff)
        })
        const address = [...network.slice(0, same), ...b.slice(same)]
        const list = new BlockList()
        list.addSubnet(ip(network), prefix, 'ipv6')
        const range = `${ip(network)}/${prefix}`
        return (
          isIPv6(ip(address)) &&
          isRange(range) &&
          contains(range, ip(address)) === list.check(ip(address), 'ipv6')
        )
      },
    ),
    { numRuns: 300 },
  )
})
