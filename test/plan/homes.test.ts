import t from 'tap'
import type { HomeOwner } from '../../src/model/key-home.ts'
import { desiredKey, envFile, keychain, managedKey, otherHost, thisHost } from '../support/build.ts'
import { type Case, key, planOf } from '../support/plan-of.ts'

const local = { localKeys: new Set(['ci-pipeline']) }
const there = managedKey(key, { marked: { host: otherHost } })

t.test('says of each declared key where its secret goes, and whose its stores are', async t => {
  const rows: readonly (readonly [title: string, owner: HomeOwner, plan: Case])[] = [
    ['no store is local', 'anyone', { keys: [there] }],
    ['not live yet', 'nobody-yet', { options: local }],
    ['adopted', 'nobody-yet', { keys: [managedKey(key, { state: { kind: 'external' } })], options: local }],
    ['delivered here', 'here', { keys: [managedKey(key, { marked: { host: thisHost } })], options: local }],
    ['delivered there', 'another-host', { keys: [there], options: local }],
    ['taken over', 'here', { keys: [there], options: { ...local, takeOver: true } }],
  ]
  for (const [title, owner, plan] of rows) {
    t.strictSame(planOf(plan).homes, [{ keyId: 'ci-pipeline', owner, stores: [keychain] }], title)
  }
  const two = [desiredKey(), desiredKey({ keyId: 'other', stores: [keychain, envFile] })]
  t.match(planOf({ desired: two }).homes, [{ keyId: 'ci-pipeline' }, { stores: [keychain, envFile] }])
  t.match(planOf({ desired: two, options: { targets: { only: ['other'], except: [] } } }).homes, [
    { keyId: 'other' },
  ])
})
