// Runs that overlap on one stack, and what may be revoked while somebody may already have received it.
import t, { type Test } from 'tap'
import type { ApplyPlatform } from '../../src/apply/run.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, hour, minute, second } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, keychain, otherHost, sealed } from '../support/build.ts'
import { type World, openWorld, refusingPut } from '../support/world.ts'

function declare(...keys: readonly DesiredKey[]): DesiredState {
  return desiredState(keys, { limits: { revoke: 1, rotate: 1, always: 1000 } })
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const managedOf = async (w: World) => (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')

const isHead = ({ ownership }: LiveKey) =>
  ownership.kind === 'managed' && ownership.marker.state.kind === 'delivered'

/** The key that the secret in a store authenticates as; null where it authenticates as none. */
async function holderOf(w: World, at: string): Promise<string | null> {
  const secret = w.stores.secrets.get(at)
  if (secret === undefined) return null
  return await w
    .clientAs(secret, 'consumer/1')
    .whoami()
    .then(
      ({ key }) => key?.id ?? null,
      () => null,
    )
}

/** The platform replays nothing. */
function forgetful(w: World): void {
  w.send = request => {
    if (request.method !== 'POST') return request
    const headers = new Headers(request.headers)
    headers.delete('idempotency-key')
    return new Request(request, { headers })
  }
}

t.test('revokes no pending key that a store without a way to look may have, whatever fails next', async t => {
  const seconds = [
    { name: 'after-create', count: 1 },
    { name: 'after-revoke', count: 1 },
    { name: 'before-create', count: 2 },
    { name: 'after-create', count: 2 },
  ] as const
  for (const second of seconds) {
    const w = world(t)
    forgetful(w)
    const desired = declare(desiredKey({ stores: [sealed] }))
    await w.apply(desired)
    w.now += 61 * day
    await w.apply(desired, { killAt: { name: 'after-put', count: 1 } })
    await w.apply(desired, { killAt: second })
    t.ok(
      await holderOf(w, storeLabel(sealed.spec)),
      `killed again ${second.name} ${second.count}: the consumer still works`,
    )
    await w.apply(desired)
    t.strictSame((await w.plan(desired)).changes, [])
    t.ok(await holderOf(w, storeLabel(sealed.spec)))
  }
})

t.test('does not pile up pending keys where no delivery ever works', async t => {
  const w = world(t)
  forgetful(w)
  const desired = declare(desiredKey({ stores: [sealed] }))
  w.stores.beforePut = refusingPut(storeLabel(sealed.spec))
  for (let run = 0; run < 6; run += 1) {
    await w.apply(desired)
    t.ok((await managedOf(w)).length <= 4)
  }
  w.stores.beforePut = () => undefined
  await w.apply(desired)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('rotates again a minute after a local store refused the successor', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  const options = { localKeys: new Set(['ci-pipeline']) }
  await w.apply(desired, { options })
  w.now += 70 * day
  w.stores.beforePut = refusingPut(storeLabel(keychain.spec))
  t.match((await w.apply(desired, { options })).report.outcomes, [{ status: 'failed' }])
  t.match(
    await managedOf(w),
    [{ ownership: { marker: { state: { kind: 'retiring' } } } }],
    'it was withdrawn',
  )
  w.stores.beforePut = () => undefined
  t.match((await w.plan(desired, options)).findings, [{ code: 'being-made' }])
  w.now += minute
  t.match((await w.apply(desired, { options })).report.outcomes, [{ action: 'rotated' }])
  const keys = await managedOf(w)
  t.equal(keys.length, 2)
  t.equal(keys.filter(isHead).length, 1)
  t.strictSame((await w.plan(desired, options)).changes, [])
})

t.test('never revokes the calling key, even where it is pending and cannot be finished', async t => {
  const w = world(t)
  forgetful(w)
  const desired = declare(desiredKey())
  await w.apply(desired, { killAt: { name: 'before-put', count: 1 } })
  const [pending] = await managedOf(w)
  if (pending === undefined) return t.fail('a key is pending')
  const { id, name, scope, permissions } = pending
  await w.apply(desired, { run: { caller: { account: 'acme', key: { id, name, scope, permissions } } } })
  t.ok((await managedOf(w)).some(key => key.id === id))
})

/** A platform port whose list, once apply asks for it again, is bent. */
function withList(w: World, bent: ApplyPlatform['list']): ApplyPlatform {
  return new Proxy<ApplyPlatform>(w.client, {
    get: (target, name) => (name === 'list' ? bent : (Reflect.get(target, name) as unknown)),
  })
}

t.test('delivers nothing on the word of a listing that may lack a rival', async t => {
  for (const flaw of ['incomplete', 'older than the key']) {
    const w = world(t)
    const { report } = await w.apply(declare(desiredKey()), {
      run: {
        platform: withList(w, async () => {
          const listing = await w.client.list()
          return flaw === 'incomplete' ? { ...listing, complete: false } : { ...listing, keys: [] }
        }),
      },
    })
    t.match(report.outcomes, [{ status: 'failed' }], flaw)
    t.strictSame(await managedOf(w), [])
    t.equal(w.stores.secrets.size, 0)
  }
})

/** A platform port on which a run stops right before it proves its new secret, until it is let go. */
function paused(w: World): { platform: ApplyPlatform; reached: Promise<void>; goOn: () => void } {
  let reach: () => void = () => undefined
  let goOn: () => void = () => undefined
  const reached = new Promise<void>(resolve => {
    reach = resolve
  })
  const gate = new Promise<void>(resolve => {
    goOn = resolve
  })
  const whoamiAs: ApplyPlatform['whoamiAs'] = async (secret, key, when) => {
    reach()
    await gate
    return await w.client.whoamiAs(secret, key, when)
  }
  const platform = new Proxy<ApplyPlatform>(w.client, {
    get: (target, name) => (name === 'whoamiAs' ? whoamiAs : (Reflect.get(target, name) as unknown)),
  })
  return { platform, reached, goOn: () => goOn() }
}

/** However the runs met: the store holds the head's secret in the end, and what it held till then had its grace. */
async function requireSettled(t: Test, w: World, desired: DesiredState): Promise<void> {
  const before = await holderOf(w, storeLabel(keychain.spec))
  t.ok(before, 'the stored secret works')
  w.now += 5 * day
  await w.apply(desired)
  t.ok(
    (await managedOf(w)).some(({ id }) => id === before),
    'what the store held stays for its grace',
  )
  w.now += second
  t.strictSame((await w.plan(desired)).changes, [])
  const held = await holderOf(w, storeLabel(keychain.spec))
  const heads = (await managedOf(w)).filter(isHead)
  t.equal(heads.length, 1, 'one key leads')
  const [head] = heads
  t.equal(held, head?.id, 'the store holds the secret of the head')
  w.now += 4 * day
  await w.apply(desired)
  t.equal((await managedOf(w)).length, 1)
  t.equal(await holderOf(w, storeLabel(keychain.spec)), head?.id)
}

t.test('finds out where two runs both delivered one generation, whoever wrote the store last', async t => {
  for (const shift of [-5 * second, 0, 5 * second]) {
    const w = world(t)
    const desired = declare(desiredKey())
    const slow = paused(w)
    const slowRun: { done: Promise<unknown> } = { done: Promise.resolve() }
    await w.apply(desired, {
      options: { host: otherHost },
      run: {
        stores: {
          open: spec => w.stores.open(spec),
          probe: async () => {
            slowRun.done = w.apply(desired, { run: { platform: slow.platform } })
            await slow.reached
            // A platform whose clock is read before its transactions are in order.
            w.now += shift
            return new Map()
          },
        },
      },
    })
    slow.goOn()
    await slowRun.done
    await requireSettled(t, w, desired)
  }
})

t.test('finds out where a maker that slept wrote the store after its key was replaced', async t => {
  const w = world(t)
  forgetful(w)
  const desired = declare(desiredKey())
  const slow = paused(w)
  const done = w.apply(desired, { run: { platform: slow.platform } })
  await slow.reached
  w.now += 3600 * second
  await w.apply(desired, { options: { host: otherHost } })
  w.now += 60 * second
  slow.goOn()
  await done
  await requireSettled(t, w, desired)
})

t.test('gives a predecessor its whole grace, where our clock is far behind that of the platform', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired)
  w.now += 61 * day
  await w.apply(desired, { run: { clock: () => w.now - 50 * hour } })
  w.now += 47 * hour
  t.equal((await w.plan(desired)).retiring[0]?.wait.code, 'grace')
})

t.test('revokes no predecessor where the head was deleted after the plan was made', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  const requested = { rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) }
  for (const options of [{}, requested, requested]) {
    await w.apply(desired, { options })
    w.now += hour
  }
  w.now += 3 * day
  const head = (await managedOf(w)).find(isHead)
  t.ok(head)
  let isPlanned = false
  w.bend = async ({ method }, answer) => {
    if (method !== 'GET' || isPlanned || head === undefined) return answer
    isPlanned = true
    await w.client.revoke(head.id, { ifMatch: null })
    return answer
  }
  const { plan, report } = await w.apply(desired)
  t.match(plan.changes, [{ kind: 'revoke', generation: 1 }])
  t.match(report.outcomes, [{ status: 'failed', code: 'conflict' }])
  t.equal((await managedOf(w)).length, 2)
})
