import t from 'tap'
import type { Consumer } from '../../src/model/consumer.ts'
import { day, hour } from '../../src/model/duration.ts'
import { desiredKey, managedKey, now, retiringFor, usedAt } from '../support/build.ts'
import { type Case, planOf } from '../support/plan-of.ts'

const nightly: Consumer = {
  name: 'nightly',
  userAgent: 'cli/*',
  addresses: ['203.0.113.0/24'],
  projects: ['customer-support-bot'],
  operations: ['Pull scenarios'],
  every: 28 * day,
}
const weekly: Consumer = {
  ...nightly,
  name: 'weekly',
  userAgent: 'report/*',
  projects: null,
  operations: ['Upload results'],
}
const key = desiredKey({ consumers: [nightly, weekly] })
const old = { createdAt: now - 70 * day }
const said = (given: Case) =>
  planOf({ desired: [key], ...given }).consumers.map(
    ({ consumer, effect, liveId, certain }) =>
      `${consumer ?? '?'} ${effect} ${liveId.replace('key_ci-pipeline_', 'g')}${certain ? '' : ' perhaps'}`,
  )
const head = managedKey(key, { generation: 2 })
const retiring = (agent: string, at = now - hour) =>
  managedKey(key, { state: retiringFor(head.id, day), live: { lastUse: usedAt(at, agent) } })

t.test('names everybody who has to read a new secret, or is cut off from the old one', async t => {
  t.strictSame(said({ keys: [managedKey(key, { live: old })] }), [
    'nightly reads-anew g1',
    'weekly reads-anew g1',
  ])
  const leaked = new Map([['ci-pipeline', { note: null, leaked: true }]])
  t.strictSame(said({ keys: [managedKey(key)], options: { rotate: leaked } }), [
    'nightly cut-off g1',
    'weekly cut-off g1',
  ])
  const inPlace = desiredKey({ consumers: [weekly], rotation: { strategy: 'in-place' } })
  t.strictSame(said({ desired: [inPlace], keys: [managedKey(inPlace, { live: old })] }), [
    'weekly cut-off g1',
  ])
  t.strictSame(said({ keys: [managedKey(key)] }), [], 'a plan without changes touches nobody')
  t.strictSame(said({ desired: [desiredKey()], keys: [managedKey(desiredKey(), { live: old })] }), [])
})

t.test('names those who may need what an update takes away, and no others', async t => {
  const live = (more: object) => [managedKey(key, { live: more })]
  t.strictSame(said({ keys: live({ permissions: [...key.permissions, 'manage_keys'] }) }), [])
  const fewer = desiredKey({ consumers: [nightly, weekly], permissions: ['read_scenarios'] })
  t.strictSame(said({ desired: [fewer], keys: [managedKey(key)] }), ['weekly narrowed g1'])
  const elsewhere = desiredKey({ consumers: [nightly, weekly], scope: ['sales-assistant'] })
  t.strictSame(said({ desired: [elsewhere], keys: [managedKey(key)] }), [
    'nightly narrowed g1',
    'weekly narrowed g1',
  ])
  const here = desiredKey({ consumers: [nightly, weekly], scope: ['customer-support-bot'] })
  t.strictSame(said({ desired: [here], keys: [managedKey(key)] }), ['weekly narrowed g1'])
})

t.test('names those who were seen on a retiring key since it was replaced', async t => {
  t.strictSame(said({ keys: [head, retiring('cli/2')] }), ['nightly not-moved g1'])
  t.strictSame(said({ keys: [head, retiring('cli/2', now - 2 * day)] }), [], 'not who used it before')
  t.strictSame(said({ keys: [head, retiring('curl/8')] }), ['? not-moved g1'])
  t.strictSame(said({ keys: [head, retiring('fluxloop-keys/1 (proof)')] }), [], 'not ourselves')
  const both = desiredKey({ consumers: [nightly, { ...weekly, userAgent: null }] })
  t.strictSame(said({ desired: [both], keys: [head, retiring('cli/2')] }), [
    'nightly not-moved g1 perhaps',
    'weekly not-moved g1 perhaps',
  ])
})

t.test('names who was the last to use a key that is revoked', async t => {
  const gone = managedKey(key, {
    state: retiringFor(head.id, 5 * day),
    live: { lastUse: usedAt(now - 2 * day, 'report/1') },
  })
  t.strictSame(said({ keys: [head, gone] }), ['weekly revoked g1'])
})
