import t, { type Test } from 'tap'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Report } from '../../src/model/outcome.ts'
import { storeLabel } from '../../src/model/store.ts'
import {
  desiredKey,
  desiredState,
  envFile,
  everything,
  keychain,
  pruneRules,
  sealed,
} from '../support/build.ts'
import { type World, openWorld } from '../support/world.ts'

const limits = { revoke: 1, rotate: 1, always: 1000 }

function declare(...keys: readonly DesiredKey[]): DesiredState {
  return desiredState(keys, { limits })
}

function world(t: Test, options: Parameters<typeof openWorld>[0] = {}): World {
  const opened = openWorld(options)
  t.teardown(() => opened.close())
  return opened
}

const statuses = ({ outcomes }: Report) => outcomes.map(({ status }) => status)
const managedOf = async (w: World) => (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')

function markers(keys: readonly LiveKey[]): readonly string[] {
  return keys
    .flatMap(({ ownership }) =>
      ownership.kind === 'managed'
        ? [
            `${ownership.marker.stack}/${ownership.marker.keyId} g${ownership.marker.generation} ${ownership.marker.state.kind}`,
          ]
        : [],
    )
    .sort()
}

async function holderOf(w: World, spec = keychain.spec): Promise<string | undefined> {
  const secret = w.stores.secrets.get(storeLabel(spec))
  return secret === undefined ? undefined : (await w.clientAs(secret, 'consumer/1').whoami()).key?.id
}

const inPlace = (stores: DesiredKey['stores'] = [keychain, sealed]) =>
  desiredKey({ stores, rotation: { strategy: 'in-place' } })

t.test('rotates in place: one key, a new secret in every store, and nothing to do afterwards', async t => {
  const w = world(t)
  w.signed = everything
  const desired = declare(inPlace())
  await w.apply(desired)
  const [before] = await managedOf(w)
  w.now += 61 * day
  w.forget()
  const { plan, report } = await w.apply(desired)
  t.match(plan.changes, [{ kind: 'rotate', strategy: 'in-place' }])
  t.strictSame(statuses(report), ['done'])
  t.strictSame(w.requests().slice(2), [
    'POST /api/api-keys/:id/regenerate',
    'GET /api/auth/whoami',
    'PATCH /api/api-keys/:id',
  ])
  t.strictSame(markers(await managedOf(w)), ['acme-agents/ci-pipeline g2 delivered'])
  t.equal((await managedOf(w))[0]?.id, before?.id)
  t.equal(await holderOf(w), before?.id)
  t.equal(await holderOf(w, sealed.spec), before?.id)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test(
  'finds nothing to do after a rotation in place, where our clock is behind and the platform sends no date',
  async t => {
    const w = world(t)
    w.signed = everything
    const desired = declare(inPlace())
    await w.apply(desired)
    w.now += 61 * day
    await w.apply(desired, { run: { clock: () => w.now - hour } })
    t.strictSame((await w.plan(desired)).changes, [])
  },
)

for (const [what, change] of Object.entries({
  'edited the key': (w: World, id: string) =>
    w.client.update(id, { scope: ['sales-assistant'] }, { ifMatch: null }),
  'regenerated it again': (w: World, id: string) =>
    w.client.regenerate(id, { ifMatch: null, idempotencyKey: 'in-the-web-page' }),
})) {
  t.test(`heals a rotation in place that was killed, where somebody ${what} since`, async t => {
    const w = world(t)
    w.signed = everything
    const desired = declare(inPlace())
    await w.apply(desired)
    const [before] = await managedOf(w)
    w.now += 61 * day
    await w.apply(desired, { killAt: { name: 'after-regenerate', count: 1 } })
    w.now += hour
    await change(w, before?.id ?? '')
    const { report } = await w.apply(desired)
    t.strictSame(statuses(report), ['done'])
    t.strictSame((await w.plan(desired)).changes, [])
    t.equal(await holderOf(w), before?.id)
    t.equal(await holderOf(w, sealed.spec), before?.id)
  })
}

t.test('regenerates once more in the same run where the answer was lost and nothing is replayed', async t => {
  const w = world(t)
  w.signed = everything
  const desired = declare(inPlace())
  await w.apply(desired)
  const [before] = await managedOf(w)
  w.send = request => {
    const headers = new Headers(request.headers)
    headers.delete('idempotency-key')
    return new Request(request, { headers })
  }
  let lost = 0
  w.bend = (request, answer) => {
    if (!request.url.endsWith('/regenerate') || (lost += 1) > 1) return answer
    throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
  }
  w.now += 61 * day
  t.strictSame(statuses((await w.apply(desired)).report), ['done'])
  t.equal(await holderOf(w), before?.id)
  t.equal(await holderOf(w, sealed.spec), before?.id)
  t.strictSame((await w.plan(desired)).changes, [])

  const edits = async () => {
    await w.client.update(before?.id ?? '', { scope: ['sales-assistant'] }, { ifMatch: null })
    return new Map()
  }
  w.now += 61 * day
  const { report } = await w.apply(desired, { run: { stores: { ...w.stores, probe: edits } } })
  t.match(
    report.outcomes,
    [{ status: 'failed', code: 'conflict' }],
    'not where somebody else moved the version',
  )
  t.equal(await holderOf(w), before?.id)
})

/** A consumer that makes as many requests with a secret as the platform allows its key. */
async function exhaust(w: World, spec = keychain.spec): Promise<void> {
  const secret = w.stores.secrets.get(storeLabel(spec))
  if (secret === undefined) throw new Error('the key was delivered')
  const consumer = w.clientAs(secret, 'consumer/1')
  for (let requests = 0; requests <= 40; requests += 1) await consumer.whoami().catch(() => undefined)
}

t.test('leaves a key alone whose own budget is used up, and goes on with the others', async t => {
  const w = world(t, { rateLimit: { requests: 40, window: hour } })
  const busy = desiredKey()
  const others = [2, 3].map(each => desiredKey({ keyId: `key-${each}`, stores: [sealed] }))
  await w.apply(declare(busy))
  await exhaust(w)
  const desired = declare({ ...busy, stores: [keychain, envFile] }, ...others)
  const { report } = await w.apply(desired)
  t.match(report.outcomes, [
    { change: { keyId: 'ci-pipeline' }, status: 'failed', code: 'network', message: /^Rate limited/ },
    { status: 'done' },
    { status: 'done' },
  ])
  w.now += hour
  t.strictSame(statuses((await w.apply(desired)).report), ['done'])
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('puts the secret of a busy key that was rotated in place into its sealed stores unproved', async t => {
  const w = world(t, { rateLimit: { requests: 40, window: hour } })
  const desired = declare(inPlace())
  await w.apply(desired)
  const [before] = await managedOf(w)
  w.now += 61 * day
  await exhaust(w)
  t.match((await w.apply(desired)).report.outcomes, [{ status: 'failed', code: 'network' }])
  w.now += hour
  t.equal(await holderOf(w, sealed.spec), before?.id)
  t.match((await w.plan(desired)).changes, [{ kind: 'deliver' }], 'the marker does not say so yet')
  t.strictSame(statuses((await w.apply(desired)).report), ['done'])
  t.equal(await holderOf(w), before?.id)
  t.equal(await holderOf(w, sealed.spec), before?.id)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('puts no secret unproved where somebody regenerated the key since', async t => {
  const w = world(t)
  w.signed = everything
  const desired = declare(inPlace())
  await w.apply(desired)
  const [before] = await managedOf(w)
  w.now += 61 * day
  w.bend = async (request, answer) => {
    if (!request.url.endsWith('/regenerate')) return answer
    w.bend = (later, its) =>
      later.url.endsWith('/whoami')
        ? new Response(null, { status: 503, headers: { 'retry-after': '600' } })
        : its
    const options = { ifMatch: null, idempotencyKey: 'in-the-web-page' }
    const { secret } = await w.client.regenerate(before?.id ?? '', options)
    if (secret !== null) w.stores.secrets.set(storeLabel(sealed.spec), secret)
    return answer
  }
  t.match((await w.apply(desired)).report.outcomes, [{ status: 'failed', code: 'conflict' }])
  w.bend = (_request, answer) => answer
  t.equal(await holderOf(w, sealed.spec), before?.id)
  t.strictSame(statuses((await w.apply(desired)).report), ['done'])
  t.equal(await holderOf(w), before?.id)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('rotates a protected key by overlap, whatever its strategy', async t => {
  const w = world(t)
  w.signed = everything
  const desired = declare({ ...inPlace(), protect: true })
  await w.apply(desired)
  w.now += 61 * day
  t.match((await w.plan(desired)).changes, [{ kind: 'rotate', strategy: 'overlap' }])
})

t.test(
  'replaces a key that was regenerated without a delivery, where nothing proves it to be ours',
  async t => {
    const w = world(t)
    const desired = declare(inPlace())
    await w.apply(desired)
    const [before] = await managedOf(w)
    w.now += 61 * day
    await w.apply(desired, { killAt: { name: 'after-regenerate', count: 1 } })
    await t.rejects(holderOf(w), { code: 'authentication' }, 'its stores hold a dead secret')
    t.strictSame(statuses((await w.apply(desired)).report), ['done'])
    t.not(await holderOf(w), before?.id)
    t.equal(await holderOf(w, sealed.spec), await holderOf(w))
    t.strictSame((await w.plan(desired)).changes, [])
  },
)

for (const replay of ['with the secret', 'without the secret', 'refused', 'never'] as const) {
  for (const name of [
    'before-regenerate',
    'after-regenerate',
    'before-put',
    'after-put',
    'after-whoami',
    'before-patch',
    'after-patch',
  ] as const) {
    t.test(`heals a kill at ${name} of a rotation in place, with a replay ${replay}`, async t => {
      const w = world(t)
      w.signed = everything
      const desired = declare(inPlace())
      await w.apply(desired)
      const [before] = await managedOf(w)
      if (replay === 'never') {
        w.send = request => {
          const headers = new Headers(request.headers)
          headers.delete('idempotency-key')
          return new Request(request, { headers })
        }
      }
      const seen = new Set<string>()
      w.bend = async (request, answer) => {
        const key = request.headers.get('idempotency-key')
        if (key === null || replay === 'with the secret') return answer
        if (!seen.has(key)) {
          seen.add(key)
          return answer
        }
        if (replay === 'refused') return Response.json({ detail: 'seen before' }, { status: 422 })
        return Response.json({ ...((await answer.json()) as object), key: undefined })
      }
      w.now += 61 * day
      await w.apply(desired, { killAt: { name, count: 1 } })
      const { report } = await w.apply(desired)
      t.ok(report.outcomes.every(({ status }) => status === 'done'))
      t.strictSame((await w.plan(desired)).changes, [])
      t.equal((await managedOf(w)).length, 1, 'no other key was made')
      t.equal(await holderOf(w), before?.id)
      t.equal(await holderOf(w, sealed.spec), before?.id)
    })
  }
}

t.test('replaces a leaked key at once: marked first, revoked in the same run, used or not', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired)
  const [leaked] = await managedOf(w)
  w.now += hour
  await holderOf(w)
  const rotate = new Map([['ci-pipeline', { note: 'in a public log', leaked: true }]])
  const { report } = await w.apply(desired, { options: { rotate } })
  t.strictSame(statuses(report), ['done', 'done'])
  t.strictSame(markers(await managedOf(w)), ['acme-agents/ci-pipeline g2 delivered'])
  t.not((await managedOf(w))[0]?.id, leaked?.id)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('replaces a leaked key whose successor is half made, and keeps neither', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired)
  const rotate = (leaked: boolean) => new Map([['ci-pipeline', { note: null, leaked }]])
  const killAt = { name: 'after-create', count: 1 } as const
  await w.apply(desired, { options: { rotate: rotate(false) }, killAt })
  t.strictSame(markers(await managedOf(w)), [
    'acme-agents/ci-pipeline g1 delivered',
    'acme-agents/ci-pipeline g2 pending',
  ])
  await w.apply(desired, { options: { rotate: rotate(true) } })
  t.strictSame(markers(await managedOf(w)), ['acme-agents/ci-pipeline g3 delivered'])
  t.equal(await holderOf(w), (await managedOf(w))[0]?.id)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('goes on with a leak where a kill stopped it: the leaked key never gets its grace back', async t => {
  const kills = [
    ['after-patch', 1],
    ['after-create', 1],
    ['after-put', 1],
    ['after-patch', 2],
    ['before-revoke', 1],
  ] as const
  for (const [name, count] of kills) {
    const w = world(t)
    const desired = declare(desiredKey())
    await w.apply(desired)
    const rotate = new Map([['ci-pipeline', { note: null, leaked: true }]])
    await w.apply(desired, { options: { rotate }, killAt: { name, count } })
    await w.apply(desired)
    const plan = await w.plan(desired)
    t.strictSame([plan.changes, plan.retiring], [[], []], name)
    t.equal((await managedOf(w)).length, 1, name)
    t.equal(await holderOf(w), (await managedOf(w))[0]?.id, name)
  }
})

t.test('renames a key and its predecessor in place, and leaves its secret where it is', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  w.now += 61 * day
  await w.apply(declare(desiredKey()))
  const desired = declare(desiredKey({ keyId: 'pipeline', previously: 'ci-pipeline' }))
  w.forget()
  const { report } = await w.apply(desired)
  t.strictSame(statuses(report), ['done', 'done'])
  t.strictSame(w.requests().slice(2), ['PATCH /api/api-keys/:id', 'PATCH /api/api-keys/:id'])
  t.strictSame(markers(await managedOf(w)), [
    'acme-agents/pipeline g1 retiring',
    'acme-agents/pipeline g2 delivered',
  ])
  t.strictSame((await w.plan(desired)).changes, [])
  t.strictSame((await w.plan(declare(desiredKey({ keyId: 'pipeline' })))).changes, [], 'the line may go')
})

t.test('does nothing else to a key that could not be renamed, and leaves its head for last', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  w.now += 61 * day
  await w.apply(declare(desiredKey()))
  w.now += day
  const [first] = (await managedOf(w)).toSorted((a, b) => a.createdAt - b.createdAt)
  const stores = [keychain, envFile]
  const desired = declare(desiredKey({ keyId: 'pipeline', previously: 'ci-pipeline', stores }))

  const patched = new Set<string | undefined>()
  w.send = request => {
    if (request.method !== 'PATCH') return request
    patched.add(new URL(request.url).pathname.split('/').at(-1))
    const headers = new Headers(request.headers)
    headers.set('If-Match', 'another')
    return new Request(request, { headers })
  }
  const { report } = await w.apply(desired)
  t.strictSame([...patched], [first?.id], 'the head was not touched')
  t.strictSame(report.outcomes.map(({ status, change }) => `${change.kind} ${status}`).sort(), [
    'deliver skipped',
    'update failed',
    'update skipped',
  ])
  t.strictSame(markers(await managedOf(w)), [
    'acme-agents/ci-pipeline g1 retiring',
    'acme-agents/ci-pipeline g2 delivered',
  ])

  w.send = request => request
  const next = await w.apply(desired)
  t.strictSame(statuses(next.report), ['done', 'done', 'done'])
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('releases a key for another stack, and leaves it alone for 30 days', async t => {
  const w = world(t)
  const other = desiredKey({ keyId: 'other', name: 'Other', stores: [envFile] })
  await w.apply(declare(desiredKey(), other))
  const retain = {
    ...declare(other),
    prune: { ...pruneRules, removed: 'retain', unmanaged: 'revoke' },
  } as const
  const { report } = await w.apply(retain)
  t.match(report.outcomes, [{ status: 'done', action: 'released' }])
  t.strictSame(markers(await managedOf(w)), [
    'acme-agents/ci-pipeline g1 released',
    'acme-agents/other g1 delivered',
  ])
  t.strictSame((await w.plan(retain)).changes, [])
  w.now += 31 * day
  t.match((await w.plan(retain)).changes, [{ kind: 'revoke', reason: { code: 'unmanaged' } }])
})

t.test('revokes exactly the unmanaged keys that nobody used for long', async t => {
  const w = world(t)
  const make = async (name: string) => {
    const key = {
      name,
      description: '',
      marker: null,
      environment: null,
      scope: 'all',
      permissions: ['read_scenarios'],
      expires: { kind: 'never' },
    } as const
    return await w.client.create(key, `by-hand-${name}`)
  }
  await make('Forgotten')
  await make('Admin spare')
  const used = await make('Used')
  await w.apply(declare(desiredKey({ rotation: { maxAge: null }, expires: { kind: 'never' } })))
  w.now += 100 * day
  await make('Young')
  if (used.secret !== null) await w.clientAs(used.secret, 'consumer/1').whoami()
  const desired = {
    ...declare(desiredKey({ rotation: { maxAge: null }, expires: { kind: 'never' } })),
    prune: { ...pruneRules, unused: { after: 90 * day, action: 'revoke' }, keep: ['Admin *'] },
  } as const
  const { plan, report } = await w.apply(desired)
  t.strictSame(
    plan.changes.map(change => ('live' in change ? change.live.name : change.keyId)),
    ['Forgotten'],
  )
  t.strictSame(statuses(report), ['done'])
  t.match(plan.findings, [{ code: 'unused-declared', keyId: 'ci-pipeline' }])
})

t.test('revokes predecessors first, so that a key whose prune was killed can be declared again', async t => {
  const other = desiredKey({
    keyId: 'other',
    name: 'Other',
    stores: [envFile],
    expires: { kind: 'never' },
    rotation: { maxAge: null },
  })
  const both = declare(desiredKey(), other)
  // The order of ids is left to chance.
  for (let times = 0; times < 5; times += 1) {
    const w = world(t)
    await w.apply(both)
    w.now += 61 * day
    await w.apply(both)
    w.now += 10 * day
    const { plan } = await w.apply(declare(other), { killAt: { name: 'before-revoke', count: 2 } })
    t.strictSame(
      plan.changes.map(({ kind, keyId }) => `${kind} ${keyId}`),
      ['revoke ci-pipeline', 'revoke ci-pipeline'],
    )
    const left = (await managedOf(w)).filter(({ name }) => name !== 'Other')
    t.strictSame(markers(left), ['acme-agents/ci-pipeline g2 delivered'])
    t.strictSame((await w.plan(both)).changes, [])
    t.equal(await holderOf(w), left[0]?.id)
  }
})
