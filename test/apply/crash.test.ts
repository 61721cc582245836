import t, { type Test } from 'tap'
import { type Checkpoint, checkpoints } from '../../src/apply/run.ts'
import type { DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, envFile, keychain, sealed } from '../support/build.ts'
import { type World, openWorld } from '../support/world.ts'

/** What the platform does with a request that it has seen: all three must be survived. */
const replays = {
  'with the secret': (request: Request) => request,
  'without the secret': (request: Request) => request,
  never: withoutIdempotencyKey,
} as const

function withoutIdempotencyKey(request: Request): Request {
  if (request.method !== 'POST') return request
  const headers = new Headers(request.headers)
  headers.delete('idempotency-key')
  return new Request(request, { headers })
}

const storeSets = {
  'a readable store': [keychain],
  'a store that cannot be read': [sealed],
  'both kinds': [keychain, sealed, envFile],
} as const

function declare(stores: keyof typeof storeSets, keyIds: readonly string[] = ['ci-pipeline']): DesiredState {
  const keys = keyIds.map(keyId => desiredKey({ keyId, stores: storeSets[stores] }))
  return desiredState(keys, { limits: { revoke: 1, rotate: 1, always: 1000 } })
}

/** A replayed answer of a platform that keeps answers, but not their secrets. */
function hideReplayedSecrets(w: World): void {
  const seen = new Set<string>()
  w.bend = async (request, answer) => {
    const key = request.headers.get('idempotency-key')
    if (request.method !== 'POST' || key === null) return answer
    if (!seen.has(key)) {
      seen.add(key)
      return answer
    }
    const { api_key } = (await answer.json()) as { api_key: unknown }
    return new Response(JSON.stringify({ api_key }), { status: answer.status, headers: answer.headers })
  }
}

function open(t: Test, replay: keyof typeof replays): World {
  const w = openWorld()
  t.teardown(() => w.close())
  w.send = replays[replay]
  if (replay === 'without the secret') hideReplayedSecrets(w)
  return w
}

/** One apply after the kill: every store holds the head's secret, nothing is left half done, and the next plan is empty. */
async function requireHealed(t: Test, w: World, desired: DesiredState): Promise<void> {
  const { report } = await w.apply(desired)
  t.ok(
    report.outcomes.every(({ status }) => status === 'done'),
    'the next apply did everything',
  )
  t.strictSame((await w.plan(desired)).changes, [], 'the plan after it is empty')
  const live = (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')
  for (const { keyId, stores } of desired.keys) {
    const heads = live.filter(
      ({ ownership }) =>
        ownership.kind === 'managed' &&
        ownership.marker.keyId === keyId &&
        ownership.marker.state.kind === 'delivered',
    )
    const generation = (one: (typeof heads)[number]) =>
      one.ownership.kind === 'managed' ? one.ownership.marker.generation : 0
    const head = heads.toSorted((a, b) => generation(b) - generation(a))[0]
    t.ok(head, `${keyId} has a head`)
    for (const { spec } of stores) {
      const secret = w.stores.secrets.get(storeLabel(spec))
      const holder = secret === undefined ? null : (await w.clientAs(secret, 'check/1').whoami()).key
      t.equal(holder?.id, head?.id, `${storeLabel(spec)} holds the secret of the head`)
    }
    t.equal(new Set(heads.map(generation)).size, heads.length, 'no generation was delivered twice')
  }
  // A store into which nobody can look may have handed the secret out, so such a key retires like a predecessor.
  const blind = desired.keys.some(({ stores }) => stores.includes(sealed))
  const retiring = (await w.plan(desired)).retiring.map(each => each.live.id)
  t.notOk(
    live.some(
      ({ id, ownership }) =>
        ownership.kind === 'managed' &&
        ownership.marker.state.kind === 'pending' &&
        !(blind && retiring.includes(id)),
    ),
    'nothing is pending',
  )
}

/** A consumer that reads the store can authenticate, whenever it does. */
async function requireWorkingConsumer(t: Test, w: World, desired: DesiredState): Promise<void> {
  for (const { spec } of desired.keys.flatMap(({ stores }) => stores)) {
    const secret = w.stores.secrets.get(storeLabel(spec))
    if (secret !== undefined)
      t.ok((await w.clientAs(secret, 'consumer/1').whoami()).key, 'the stored secret works')
  }
}

const elsewhere: readonly Checkpoint[] = [
  'before-update',
  'after-update',
  'before-remove',
  'after-remove',
  'before-whoami',
  'after-readback',
  'before-withdraw',
  'after-withdraw',
  'before-adopt',
  'after-adopt',
  'before-leak',
  'after-leak',
  'before-release',
  'after-release',
]
const places = checkpoints.filter(name => !elsewhere.includes(name))

for (const replay of Object.keys(replays) as (keyof typeof replays)[]) {
  for (const stores of Object.keys(storeSets) as (keyof typeof storeSets)[]) {
    t.test(`heals a kill at every step, with a replay ${replay} and ${stores}`, async t => {
      const desired = declare(stores)
      for (const name of places) {
        for (const count of [1, 2, 3]) {
          t.test(`create, killed at ${name} ${count}`, async t => {
            const w = open(t, replay)
            await w.apply(desired, { killAt: { name, count } })
            await requireHealed(t, w, desired)
          })
          t.test(`overlap rotation, killed at ${name} ${count}`, async t => {
            const w = open(t, replay)
            await w.apply(desired)
            w.now += 61 * day
            await w.apply(desired, { killAt: { name, count } })
            await requireWorkingConsumer(t, w, desired)
            await requireHealed(t, w, desired)
            await requireWorkingConsumer(t, w, desired)
          })
        }
      }
    })
  }
}

t.test('heals a second kill in the middle of the first recovery', async t => {
  const pairs = places.flatMap(first => places.map(second => [first, second] as const))
  for (const [first, second] of pairs) {
    for (const replay of ['with the secret', 'never'] as const) {
      t.test(`${first}, then ${second}, replay ${replay}`, async t => {
        const w = open(t, replay)
        const desired = declare('a readable store')
        await w.apply(desired)
        w.now += 61 * day
        await w.apply(desired, { killAt: { name: first, count: 1 } })
        await w.apply(desired, { killAt: { name: second, count: 1 } })
        await requireWorkingConsumer(t, w, desired)
        await requireHealed(t, w, desired)
      })
    }
  }
})

t.test('heals a kill in the middle of retiring a predecessor', async t => {
  for (const name of ['before-revoke', 'after-revoke'] as const satisfies readonly Checkpoint[]) {
    const w = open(t, 'with the secret')
    const desired = declare('a readable store')
    await w.apply(desired)
    w.now += 61 * day
    await w.apply(desired)
    w.now += 4 * day
    await w.apply(desired, { killAt: { name, count: 1 } })
    await requireWorkingConsumer(t, w, desired)
    await w.apply(desired)
    const plan = await w.plan(desired)
    t.strictSame([plan.changes, plan.retiring], [[], []])
  }
})
