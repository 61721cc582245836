import t from 'tap'
import { nothingProven } from '../../src/lifecycle/lineage.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import { day } from '../../src/model/duration.ts'
import { desiredKey, desiredState, managedKey, now } from '../support/build.ts'

const desired = desiredState()
const [first, second] = [managedKey(), managedKey(desiredKey(), { generation: 2 })]

t.test('sorts a listing once for those that ask the same', async t => {
  const keys = [first]
  t.equal(ownedKeys(desired, keys, now), ownedKeys(desired, keys, now))
})

t.test('sorts a listing anew where anything else is asked', async t => {
  const released = managedKey(desiredKey({ keyId: 'gone' }), { state: { kind: 'released', at: now } })
  const keys = [first, second, released]
  const before = ownedKeys(desired, keys, now)
  t.equal(before.lineages.get('ci-pipeline')?.head, null, 'two keys, and no proof')
  t.match(before, { released: { length: 1 }, unmanaged: { length: 0 } })
  const isProven = (_: string, { id }: { readonly id: string }) => id === first.id
  const proven = ownedKeys(desired, keys, now, { isProven, isHeld: nothingProven })
  t.equal(proven.lineages.get('ci-pipeline')?.head?.live, first, 'other evidence')
  const later = ownedKeys(desired, keys, now + 31 * day)
  t.match(later, { released: { length: 0 }, unmanaged: { length: 1 } }, 'another moment')
  const elsewhere = ownedKeys(desiredState(undefined, { stack: 'another' }), keys, now)
  t.equal(elsewhere.managed, 0, 'another configuration')
  t.equal(
    ownedKeys(desired, [second], now).lineages.get('ci-pipeline')?.head?.live,
    second,
    'another listing',
  )
})
