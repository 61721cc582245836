// A run whose own key is declared: it is rotated after everything else, and the run goes on with its successor.
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, envFile, keychain } from '../support/build.ts'
import { type World, openWorld, refusingPut } from '../support/world.ts'

const deployer = desiredKey({
  keyId: 'a-deployer',
  name: 'Deployer',
  scope: 'all',
  permissions: ['*'],
  stores: [envFile],
})
const pipeline = desiredKey()
const leaver = desiredKey({ keyId: 'leaver', name: 'Leaver' })
const limits = { revoke: 1, rotate: 1, always: 1000 }
const everything = desiredState([deployer, leaver, pipeline], { limits })
const withoutLeaver = desiredState([deployer, pipeline], { limits })

/** All keys are delivered, and the deployer's is the one that calls. */
async function calledByDeployer(t: Test): Promise<World> {
  const w = openWorld()
  t.teardown(() => w.close())
  await w.apply(everything)
  const secret = secretAt(w)
  w.client.actAs(secret, { maskedKey: `****...${secret.end(5)}` })
  w.forget()
  return w
}

function secretAt(w: World, spec = envFile.spec) {
  const secret = w.stores.secrets.get(storeLabel(spec))
  if (secret === undefined) throw new TypeError('a store has no secret')
  return secret
}

/** Who sent each request, and what it asked for. */
function log(w: World, names: Readonly<Record<string, ReturnType<typeof secretAt>>>): readonly string[] {
  const called = (header: string | null) =>
    Object.keys(names).find(name => header === `Bearer ${names[name]?.reveal() ?? ''}`) ?? 'another'
  return w.exchanges.map(
    ({ method, path, headers }) =>
      `${called(headers.get('authorization'))}: ${method} ${path.replace(/key_\w+/, ':id')}`,
  )
}

t.test('rotates the calling key after all others, and revokes with its new secret', async t => {
  const w = await calledByDeployer(t)
  const old = secretAt(w)
  w.now += 61 * day
  const puts: string[] = []
  w.stores.beforePut = label => puts.push(label)
  const { plan, report } = await w.apply(withoutLeaver)
  t.equal(plan.callingKeyId, 'a-deployer')
  t.ok(
    report.outcomes.every(({ status }) => status === 'done'),
    'all is done',
  )
  t.strictSame(puts, [storeLabel(keychain.spec), storeLabel(envFile.spec)])
  const fresh = secretAt(w)
  t.notOk(fresh.equals(old))
  t.strictSame(log(w, { old, fresh }), [
    'old: GET /api/api-keys',
    'old: GET /api/auth/whoami',
    'old: POST /api/api-keys',
    'old: GET /api/api-keys',
    'another: GET /api/auth/whoami',
    'old: PATCH /api/api-keys/:id',
    'old: POST /api/api-keys',
    'old: GET /api/api-keys',
    'fresh: GET /api/auth/whoami',
    'old: PATCH /api/api-keys/:id',
    'old: PATCH /api/api-keys/:id',
    'fresh: GET /api/api-keys',
    'fresh: DELETE /api/api-keys/:id',
  ])
  t.strictSame((await w.plan(withoutLeaver)).changes, [])
  t.equal((await w.clientAs(old, 'consumer/1').whoami()).key?.name, 'Deployer', 'the old one has its grace')
})

t.test('goes on with the old secret, where the declared successor may do less', async t => {
  const w = await calledByDeployer(t)
  const old = secretAt(w)
  w.now += 61 * day
  const narrower = { ...deployer, permissions: ['manage_keys', 'read_scenarios', 'upload_results'] }
  const { report } = await w.apply(desiredState([narrower, pipeline], { limits }))
  t.ok(report.outcomes.every(({ status }) => status === 'done'))
  t.strictSame(log(w, { old, fresh: secretAt(w) }).slice(-2), [
    'old: GET /api/api-keys',
    'old: DELETE /api/api-keys/:id',
  ])
})

t.test('goes on with the old secret, where the successor could not be delivered', async t => {
  const w = await calledByDeployer(t)
  const old = secretAt(w)
  w.now += 61 * day
  w.stores.beforePut = refusingPut(storeLabel(envFile.spec))
  const { report } = await w.apply(withoutLeaver)
  t.strictSame(
    report.outcomes.map(({ change, status }) => `${change.keyId} ${status}`),
    ['a-deployer failed', 'ci-pipeline done', 'leaver skipped'],
  )
  t.equal(log(w, { old }).at(-1), 'old: DELETE /api/api-keys/:id', 'its own new key is withdrawn')
  t.ok(secretAt(w).equals(old))
})

t.test(
  'replaces a leaked calling key last, and leaves its revocation to a run that calls with another',
  async t => {
    const w = await calledByDeployer(t)
    const old = secretAt(w)
    const rotate = new Map([['a-deployer', { leaked: true, note: null }]])
    await w.apply(everything, { options: { rotate } })
    t.equal((await w.clientAs(old, 'consumer/1').whoami()).key?.name, 'Deployer')
    const { plan } = await w.apply(everything)
    t.match(plan.changes, [{ kind: 'revoke', keyId: 'a-deployer' }])
    t.strictSame((await w.plan(everything)).changes, [])
    await t.rejects(w.clientAs(old, 'consumer/1').whoami())
  },
)

t.test('renames a calling key that leaked, after marking it as leaked', async t => {
  const w = await calledByDeployer(t)
  const renamed = { ...deployer, keyId: 'shipper', previously: 'a-deployer' }
  const rotate = new Map([['shipper', { leaked: true, note: null }]])
  const { report } = await w.apply(desiredState([leaver, pipeline, renamed], { limits }), {
    options: { rotate },
  })
  const own = report.outcomes.filter(({ change }) => change.keyId === 'shipper')
  t.strictSame(
    own.map(({ change, status }) => `${change.kind} ${status}`),
    ['rotate done', 'update done'],
  )
})
