// Answers that never came, although the platform did what was asked; and answers that say something else.
import t, { type Test } from 'tap'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Report } from '../../src/model/outcome.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, keychain } from '../support/build.ts'
import { type Bend, type World, openWorld } from '../support/world.ts'

function declare(...keys: readonly DesiredKey[]): DesiredState {
  return desiredState(keys, { limits: { revoke: 1, rotate: 1, always: 1000 } })
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const asItIs: Bend = (_request, answer) => answer
const statuses = ({ outcomes }: Report) => outcomes.map(({ status }) => status)
const states = (keys: readonly LiveKey[]) =>
  keys
    .flatMap(({ ownership }) =>
      ownership.kind === 'managed' ? [`g${ownership.marker.generation} ${ownership.marker.state.kind}`] : [],
    )
    .sort()

/** Loses the answers to those tries of a method that `lost` names, counted from 1. */
function losing(method: string, lost: readonly number[]): Bend {
  let tries = 0
  return (request, answer) => {
    if (request.method !== method) return answer
    tries += 1
    if (lost.includes(tries)) throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    return answer
  }
}

/** A platform that counts no versions, so that nothing can be guarded by one. */
async function withoutVersions(answer: Response): Promise<Response> {
  if (answer.status === 204) return answer
  const text = (await answer.text()).replaceAll(/,"version":\d+/g, '')
  return new Response(text, { status: answer.status, headers: answer.headers })
}

/** The head's secret is in the store, one key is alive, and there is nothing left to do. */
async function requireDelivered(
  t: Test,
  w: World,
  desired: DesiredState,
  alive: readonly string[],
): Promise<void> {
  w.bend = asItIs
  t.strictSame(states(await w.list()), alive)
  const plan = await w.plan(desired)
  t.strictSame(plan.changes, [])
  const secret = w.stores.secrets.get(storeLabel(keychain.spec))
  t.ok(secret)
  if (secret === undefined) return
  const { liveKey } = await w.clientAs(secret, 'consumer/1').whoami()
  t.match(liveKey?.ownership, { marker: { generation: alive.length, state: { kind: 'delivered' } } })
}

for (const versions of [true, false]) {
  const where = versions ? 'where keys have versions' : 'where keys have no versions'
  const shown: (bend: Bend) => Bend = bend => async (request, answer) => {
    const bent = await bend(request, answer)
    return versions ? bent : await withoutVersions(bent)
  }

  for (const method of ['POST', 'PATCH']) {
    t.test(`knows its own work again after lost answers to ${method}, ${where}`, async t => {
      for (const lost of [[1], [2], [1, 2]]) {
        const w = world(t)
        const desired = declare(desiredKey())
        w.bend = shown(losing(method, lost))
        t.strictSame(
          statuses((await w.apply(desired)).report),
          ['done'],
          `create, lost ${lost.join(' and ')}`,
        )
        await requireDelivered(t, w, desired, ['g1 delivered'])

        w.now += 61 * day
        w.bend = shown(losing(method, lost))
        t.strictSame(
          statuses((await w.apply(desired)).report),
          ['done'],
          `rotation, lost ${lost.join(' and ')}`,
        )
        await requireDelivered(t, w, desired, ['g1 retiring', 'g2 delivered'])
      }
    })
  }

  t.test(`takes an update and a revocation for done whose answers were lost, ${where}`, async t => {
    const w = world(t)
    await w.apply(declare(desiredKey()))
    const desired = declare(
      desiredKey({
        permissions: ['read_scenarios'],
        expires: { kind: 'never' },
        rotation: { maxAge: 60 * day },
      }),
    )
    w.bend = shown(losing('PATCH', [1]))
    t.strictSame(statuses((await w.apply(desired)).report), ['done'])
    await requireDelivered(t, w, desired, ['g1 delivered'])

    w.now += 61 * day
    await w.apply(desired)
    w.now += 4 * day
    w.bend = shown(losing('DELETE', [1]))
    const { report } = await w.apply(desired)
    t.match(report.outcomes, [{ status: 'done', action: 'revoked' }])
    t.strictSame(states(await w.list()), ['g2 delivered'])
  })
}

t.test(
  'looks again where a write is repeated because its version moved, and that answer is lost',
  async t => {
    const w = world(t)
    const narrower = declare(desiredKey({ permissions: ['read_scenarios'] }))
    await w.apply(declare(desiredKey()))
    let patches = 0
    w.send = request => {
      if (request.method !== 'PATCH') return request
      patches += 1
      const headers = new Headers(request.headers)
      if (patches === 1) headers.set('if-match', '"99"')
      return new Request(request, { headers })
    }
    w.bend = losing('PATCH', [2])
    const { report } = await w.apply(narrower)
    t.match(report.outcomes, [{ status: 'done', action: 'updated' }])
    t.equal(patches, 3, 'refused, carried out, and sent again')
    await requireDelivered(t, w, narrower, ['g1 delivered'])
  },
)

t.test('names the field of an update that the platform did not make', async t => {
  const faults = [
    ['name', { name: 'Pipeline' }],
    ['description', { description: 'All simulations' }],
    ['scope', { scope: 'all' }],
    ['permissions', { permissions: ['read_scenarios'] }],
    ['expires_at', { expires: { kind: 'never' } }],
  ] as const
  for (const [field, declared] of faults) {
    const w = world(t)
    await w.apply(declare(desiredKey()))
    let former: readonly Readonly<Record<string, unknown>>[] = []
    w.bend = async (request, answer) => {
      if (request.url.includes('/api-keys?')) {
        former = ((await answer.clone().json()) as { api_keys: typeof former }).api_keys
      }
      if (request.method !== 'PATCH') return answer
      const key = (await answer.json()) as Record<string, unknown>
      const old = former.find(({ id }) => id === key['id'])
      const kept = field === 'description' ? String(key[field]).replace(/^[^[]*/, '') : old?.[field]
      return Response.json({ ...key, [field]: kept })
    }
    const { report } = await w.apply(declare(desiredKey(declared)))
    t.match(report.outcomes, [{ status: 'failed', message: new RegExp('`' + field + '` is not what') }])
  }
})

t.test('makes no further request for changes that have not begun, once the budget is used up', async t => {
  const w = world(t)
  const keys = Array.from({ length: 30 }, (_, index) =>
    desiredKey({
      keyId: `key-${index}`,
      name: `key-${index}`,
      stores: [
        {
          spec: { kind: 'env-file', path: '/env', name: `KEY_${index}`, declaredIn: '/srv' },
          hash: 'dddd00',
        },
      ],
    }),
  )
  const desired = declare(...keys)
  await w.apply(declare(...keys.slice(0, 1)))
  let posts = 0
  w.bend = (request, answer) => {
    if (request.method !== 'POST') return answer
    posts += 1
    return Response.json({ detail: 'slow down' }, { status: 429, headers: { 'retry-after': '900' } })
  }
  const { report } = await w.apply(desired, { run: { parallelism: 2 } })
  t.equal(posts, 2, 'what was in flight, and no more')
  t.match(report.outcomes.filter(({ status }) => status === 'failed').length, 2)
  t.ok(report.outcomes.every(o => o.status === 'failed' || (o.status === 'skipped' && o.why === 'stopped')))
})
