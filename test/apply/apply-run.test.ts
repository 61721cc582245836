import t, { type Test } from 'tap'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Report } from '../../src/model/outcome.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, envFile, keychain, sealed } from '../support/build.ts'
import { type World, openWorld, refusingPut } from '../support/world.ts'

const whole = { limits: { revoke: 1, rotate: 1, always: 1000 } }

function declare(...keys: readonly DesiredKey[]): DesiredState {
  return desiredState(keys, whole)
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const label = storeLabel(keychain.spec)
const statuses = ({ outcomes }: Report) => outcomes.map(({ status }) => status)
const kinds = (keys: readonly LiveKey[]) =>
  keys
    .flatMap(({ ownership }) =>
      ownership.kind === 'managed' ? [`g${ownership.marker.generation} ${ownership.marker.state.kind}`] : [],
    )
    .sort()

/** Does the secret in the store authenticate as this key? */
async function storeWorksAs(t: Test, world: World, live: LiveKey | undefined, at = label): Promise<void> {
  const secret = world.stores.secrets.get(at)
  t.ok(secret, `${at} holds a secret`)
  if (secret === undefined) return
  const { key } = await world.clientAs(secret, 'consumer/1').whoami()
  t.equal(key?.id, live?.id)
}

const managedOf = async (world: World) =>
  (await world.list()).filter(({ ownership }) => ownership.kind === 'managed')

t.test('creates a key, delivers its secret, and finds nothing to do afterwards', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  const { report } = await w.apply(desired)
  t.strictSame(statuses(report), ['done'])
  const [live] = await managedOf(w)
  t.match(live, {
    name: 'CI/CD Pipeline',
    environment: 'ci',
    permissions: ['read_scenarios', 'upload_results'],
  })
  t.strictSame(kinds(await w.list()), ['g1 delivered'])
  await storeWorksAs(t, w, live)
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('a create costs a create, a whoami and a marker beyond the plan, and a wave one list', async t => {
  const w = world(t)
  const names = Array.from({ length: 100 }, (_, index) => `key-${index}`)
  const keys = names.map(keyId =>
    desiredKey({
      keyId,
      name: keyId,
      stores: [
        {
          ...keychain,
          spec: { ...keychain.spec, kind: 'env-file', path: '/env', name: keyId, declaredIn: '/srv' },
        },
      ],
    }),
  )
  w.forget()
  const plan = await w.plan(declare(...keys))
  t.strictSame(w.requests().toSorted(), ['GET /api/api-keys', 'GET /api/auth/whoami', 'GET /api/projects'])
  t.equal(plan.changes.length, 100)
  w.forget()
  await w.apply(declare(...keys))
  const counted: Record<string, number> = {}
  for (const request of w.requests()) counted[request] = (counted[request] ?? 0) + 1
  t.strictSame(counted, {
    'GET /api/api-keys': 2,
    'GET /api/auth/whoami': 101,
    'GET /api/projects': 1,
    'POST /api/api-keys': 100,
    'PATCH /api/api-keys/:id': 100,
  })
  w.forget()
  t.strictSame((await w.plan(declare(...keys))).changes, [])
  t.strictSame(w.requests().toSorted(), ['GET /api/api-keys', 'GET /api/auth/whoami'])
})

t.test('rotates by overlap: the predecessor works until its grace is over and nobody uses it', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired)
  const [first] = await managedOf(w)
  const firstSecret = w.stores.secrets.get(label)
  w.now += 61 * day
  const { plan, report } = await w.apply(desired)
  t.strictSame(
    plan.changes.map(({ kind }) => kind),
    ['rotate'],
  )
  t.strictSame(statuses(report), ['done'])
  t.strictSame(kinds(await w.list()), ['g1 retiring', 'g2 delivered'])
  const second = (await managedOf(w)).find(({ id }) => id !== first?.id)
  await storeWorksAs(t, w, second)
  if (firstSecret === undefined) return
  t.equal(
    (await w.clientAs(firstSecret, 'late-consumer/1').whoami()).key?.id,
    first?.id,
    'the old secret still works',
  )
  t.strictSame((await w.plan(desired)).changes, [])

  w.now += 2 * day + hour
  await w.clientAs(firstSecret, 'late-consumer/1').whoami()
  const held = await w.plan(desired)
  t.strictSame(held.changes, [])
  t.match(held.retiring, [{ wait: { code: 'in-use', lastUse: { userAgent: 'late-consumer/1' } } }])

  w.now += day + hour
  w.forget()
  t.strictSame(statuses((await w.apply(desired)).report), ['done'])
  t.strictSame(w.requests().slice(2), ['GET /api/api-keys', 'DELETE /api/api-keys/:id'])
  t.strictSame(kinds(await w.list()), ['g2 delivered'])
  t.strictSame((await w.plan(desired)).retiring, [])
})

t.test('revokes nothing that came into use after the plan was made', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  const secret = w.stores.secrets.get(label)
  const other = desiredKey({ keyId: 'other', name: 'Other', stores: [envFile] })
  const desired = declare(other)
  await w.apply(declare(desiredKey(), other))
  let uses = 0
  const { plan, report } = await w.apply(desired, {
    run: {
      tell: () => {
        uses += 1
      },
    },
    options: {},
  })
  t.strictSame(statuses(report), ['done'], 'revoked where nobody used it')
  t.ok(uses > 0)
  t.match(plan.changes, [{ kind: 'revoke', keyId: 'ci-pipeline' }])
  t.ok(secret)

  await w.apply(declare(desiredKey(), other))
  const again = w.stores.secrets.get(label)
  const used = await w.apply(desired, {
    run: {
      stores: {
        open: spec => w.stores.open(spec),
        probe: async () => {
          if (again !== undefined) await w.clientAs(again, 'late-consumer/1').whoami()
          return new Map()
        },
      },
    },
  })
  t.match(used.report.outcomes, [{ status: 'held', lastUse: { userAgent: 'late-consumer/1' } }])
  t.equal((await managedOf(w)).length, 2)
})

t.test('updates every field in one request', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  const desired = declare(
    desiredKey({
      name: 'Pipeline',
      description: 'All simulations',
      scope: 'all',
      permissions: ['read_scenarios'],
      expires: { kind: 'never' },
      rotation: { maxAge: null },
      protect: true,
    }),
  )
  w.forget()
  const { report } = await w.apply(desired)
  t.strictSame(statuses(report), ['done'])
  t.strictSame(
    w.requests().slice(2),
    ['GET /api/auth/whoami', 'PATCH /api/api-keys/:id'],
    'what gets more is proven once more',
  )
  t.match(await managedOf(w), [
    {
      name: 'Pipeline',
      description: 'All simulations',
      scope: 'all',
      permissions: ['read_scenarios'],
      expiresAt: null,
    },
  ])
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test(
  'goes on where only the use of a key moved, and leaves alone what someone else changed meanwhile',
  async t => {
    for (const [patch, status] of [
      [{}, 'done'],
      [{ name: 'Renamed by hand' }, 'failed'],
    ] as const) {
      const w = world(t)
      await w.apply(declare(desiredKey()))
      const [live] = await managedOf(w)
      const desired = declare(desiredKey({ permissions: ['read_scenarios'] }))
      const { report } = await w.apply(desired, {
        run: {
          stores: {
            open: spec => w.stores.open(spec),
            probe: async () => {
              await w.client.update(live?.id ?? '', patch, { ifMatch: null })
              return new Map()
            },
          },
        },
      })
      t.strictSame(statuses(report), [status])
      if (status === 'failed') t.match(report.outcomes, [{ code: 'conflict' }])
    }
  },
)

t.test('revokes its own new key again where no store took the secret', async t => {
  const w = world(t)
  w.stores.beforePut = refusingPut(label)
  const { report } = await w.apply(declare(desiredKey()))
  t.match(report.outcomes, [{ status: 'failed', message: `${label} is locked` }])
  t.strictSame(await managedOf(w), [])
})

t.test('keeps a key pending where a later store failed, and finishes it from the readable one', async t => {
  const w = world(t)
  const desired = declare(desiredKey({ stores: [sealed, keychain] }))
  w.stores.beforePut = refusingPut(storeLabel(sealed.spec))
  t.strictSame(statuses((await w.apply(desired)).report), ['failed'])
  t.strictSame(kinds(await w.list()), ['g1 pending'])
  w.stores.beforePut = () => undefined
  w.forget()
  const { report } = await w.apply(desired)
  t.match(report.outcomes, [{ status: 'done', action: 'healed' }])
  t.notOk(w.requests().includes('POST /api/api-keys'), 'no new key was needed')
  const [live] = await managedOf(w)
  await storeWorksAs(t, w, live)
  await storeWorksAs(t, w, live, storeLabel(sealed.spec))
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('stops and tidies up on a platform that drops markers', async t => {
  const w = world(t)
  w.bend = async (request, answer) => {
    if (!['POST', 'PATCH'].includes(request.method) || answer.status >= 300) return answer
    const text = (await answer.text()).replace(/ ?\[fk1 [^\]]*\]/, '')
    return new Response(text, { status: answer.status, headers: answer.headers })
  }
  const { report } = await w.apply(declare(desiredKey()))
  t.match(report.outcomes, [{ status: 'failed', message: /did not keep the marker/ }])
  t.strictSame(await managedOf(w), [])
})

t.test('resolves a race for one generation the same way on both sides: the older key stays', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  let rivals = 0
  const first = await w.apply(desired, {
    at: name => {
      if (name === 'before-create') rivals += 1
    },
    run: {
      stores: {
        open: spec => w.stores.open(spec),
        // The other run is quicker: it is done before this one has made anything.
        probe: async () => {
          if (rivals === 0) {
            await w.apply(desired)
            w.now += hour
          }
          return new Map()
        },
      },
    },
  })
  t.match(first.report.outcomes, [{ status: 'failed', code: 'conflict' }])
  t.strictSame(kinds(await w.list()), ['g1 delivered'])
  await storeWorksAs(t, w, (await managedOf(w))[0])
})

t.test('a platform that ignores idempotency keys leaves no twin', async t => {
  const w = world(t)
  let posts = 0
  w.send = request => {
    if (request.method !== 'POST') return request
    const headers = new Headers(request.headers)
    headers.delete('idempotency-key')
    return new Request(request, { headers })
  }
  w.bend = (request, answer) => {
    if (request.method !== 'POST') return answer
    posts += 1
    if (posts === 1) throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
    return answer
  }
  const desired = declare(desiredKey())
  const { report } = await w.apply(desired)
  t.strictSame(statuses(report), ['done'])
  t.equal(posts, 2)
  t.strictSame(kinds(await w.list()), ['g1 delivered'])
  await storeWorksAs(t, w, (await managedOf(w))[0])
})

t.test('delivers again from a store when a further one is declared', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  const desired = declare(desiredKey({ stores: [keychain, envFile] }))
  w.forget()
  const { report } = await w.apply(desired)
  t.match(report.outcomes, [{ status: 'done', action: 'delivered' }])
  t.notOk(w.requests().includes('POST /api/api-keys'))
  await storeWorksAs(t, w, (await managedOf(w))[0], storeLabel(envFile.spec))
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('rotates a key that somebody regenerated in the web page, since no store has its secret', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired)
  const [live] = await managedOf(w)
  w.now += hour
  await w.client.regenerate(live?.id ?? '', { ifMatch: null, idempotencyKey: 'by-hand' })
  const { plan, report } = await w.apply(desired)
  t.match(plan.changes, [{ kind: 'deliver', reasons: [{ code: 'stale' }] }])
  t.match(report.outcomes, [{ status: 'done', action: 'rotated' }])
  t.strictSame(kinds(await w.list()), ['g1 retiring', 'g2 delivered'])
  t.strictSame((await w.plan(desired)).changes, [])
})

t.test('starts nothing new after the first Ctrl-C, and finishes what is in flight', async t => {
  const w = world(t)
  const stopping = new AbortController()
  const keys = ['a', 'b', 'c'].map(keyId =>
    desiredKey({
      keyId,
      name: keyId,
      stores: [{ spec: { kind: 'env-file', path: '/env', name: keyId, declaredIn: '/srv' }, hash: 'dddd00' }],
    }),
  )
  const { report } = await w.apply(declare(...keys), {
    run: {
      parallelism: 1,
      stopping: stopping.signal,
    },
    at: name => {
      if (name === 'after-create') stopping.abort()
    },
  })
  t.strictSame(statuses(report), ['done', 'skipped', 'skipped'])
  t.ok(report.interrupted)
  t.strictSame(kinds(await w.list()), ['g1 delivered'])
})
