// A failure holds back the revocations of its own key id and all pruning, and no other revocation.
import t from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { type DeclaredStore, storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState } from '../support/build.ts'
import { openWorld, refusingPut } from '../support/world.ts'

const storeOf = (keyId: string): DeclaredStore => ({
  spec: { kind: 'env-file', path: `/srv/${keyId}.env`, name: 'KEY', declaredIn: '/srv' },
  hash: `${keyId.slice(0, 1).repeat(4)}00`,
})
const keyOf = (keyId: string) => desiredKey({ keyId, name: keyId, stores: [storeOf(keyId)] })

t.test('revokes predecessors of other keys although a store of one key fails', async t => {
  const world = openWorld()
  t.teardown(() => world.close())
  await world.apply(desiredState([keyOf('a'), keyOf('b'), keyOf('d')]))
  world.now += 61 * day
  await world.apply(desiredState([keyOf('a'), keyOf('b'), keyOf('d')]))
  world.now += 3 * day
  // `b` is asked for once more, and its store is locked; `d` leaves the configuration.
  world.stores.beforePut = refusingPut(storeLabel(storeOf('b').spec))
  const { plan, report } = await world.apply(desiredState([keyOf('a'), keyOf('b')]), {
    options: { rotate: new Map([['b', { note: null, leaked: false }]]) },
  })
  const revocations = plan.changes.filter(({ kind }) => kind === 'revoke').map(({ keyId }) => keyId)
  t.ok(['a', 'b', 'd'].every(keyId => revocations.includes(keyId)))
  const came = report.outcomes.map(({ status, change }) => `${change.keyId} ${change.kind}: ${status}`)
  t.strictSame(came, ['a revoke: done', 'b rotate: failed', 'b revoke: skipped', 'd revoke: skipped'])
  world.stores.beforePut = () => undefined
  world.now += hour
  const next = await world.apply(desiredState([keyOf('a'), keyOf('b')]))
  t.strictSame(
    next.report.outcomes.map(({ status, change }) => `${change.keyId} ${change.kind}: ${status}`),
    ['b rotate: done', 'b revoke: done', 'd revoke: done'],
    'the next run does the rest: what was marked for a successor gets one',
  )
})
