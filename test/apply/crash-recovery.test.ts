import t, { type Test } from 'tap'
import type { DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import type { Permissions } from '../../src/model/permission.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, envFile, keychain, sealed } from '../support/build.ts'
import { whole } from '../support/whole.ts'
import { type Place, type World, openWorld } from '../support/world.ts'

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

function isIn(state: Marker['state']['kind'], ownership: LiveKey['ownership']): boolean {
  return ownership.kind === 'managed' && ownership.marker.state.kind === state
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

/** Once a retirement is healed: the head is all that there is, and nothing waits for its grace. */
async function requireRetired(t: Test, w: World, desired: DesiredState): Promise<void> {
  const managed = (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')
  t.equal(managed.length, desired.keys.length, 'only the head lives')
  t.strictSame((await w.plan(desired)).retiring, [], 'nothing retires')
}

/** A consumer that reads the store can authenticate, whenever it does. */
async function requireWorkingConsumer(t: Test, w: World, desired: DesiredState): Promise<void> {
  for (const { spec } of desired.keys.flatMap(({ stores }) => stores)) {
    const secret = w.stores.secrets.get(storeLabel(spec))
    if (secret !== undefined)
      t.ok((await w.clientAs(secret, 'consumer/1').whoami()).key, 'the stored secret works')
  }
}

/** So long after each apply of the past, in the order of the applies. */
const pasts = { create: [], 'overlap rotation': [61 * day], retirement: [61 * day, 4 * day] } as const

/** What an apply after that past has to come by, so that it does what the past is for. */
const does = {
  create: 'after-create',
  'overlap rotation': 'after-patch',
  retirement: 'before-revoke',
} as const

async function openAfter(
  t: Test,
  past: keyof typeof pasts,
  replay: keyof typeof replays,
  desired: DesiredState,
): Promise<World> {
  const w = open(t, replay)
  for (const time of pasts[past]) {
    await w.apply(desired)
    w.now += time
  }
  return w
}

const said = ({ name, count }: Place) => `${name} ${count}`

/** Applies until it dies there. */
async function killedAt(t: Test, w: World, desired: DesiredState, place: Place): Promise<void> {
  const { places } = await w.apply(desired, { killAt: place })
  t.strictSame(places.at(-1), place, 'it was killed')
}

/** Nobody kills it: what it came by. */
async function walk(w: World, desired: DesiredState): Promise<readonly Place[]> {
  return (await w.apply(desired)).places
}

/** `npm test` plays every so manyth of some cases; the campaign of long tests plays all of them. */
const everyNth = (n: number, number: number) => whole || number % n === 0

for (const [replayIndex, replay] of (Object.keys(replays) as (keyof typeof replays)[]).entries()) {
  for (const [storesIndex, stores] of (Object.keys(storeSets) as (keyof typeof storeSets)[]).entries()) {
    t.test(`heals a kill at every step, with a replay ${replay} and ${stores}`, async t => {
      const desired = declare(stores)
      for (const past of Object.keys(pasts) as (keyof typeof pasts)[]) {
        const places = await walk(await openAfter(t, past, replay, desired), desired)
        t.ok(
          places.some(({ name }) => name === does[past]),
          `${past} comes by ${does[past]}`,
        )
        for (const [index, place] of places.entries()) {
          // Each place with each set of stores, and with one of the ways to replay.
          if (!everyNth(3, index + storesIndex + replayIndex)) continue
          t.test(`${past}, killed at ${said(place)}`, async t => {
            const w = await openAfter(t, past, replay, desired)
            await killedAt(t, w, desired, place)
            if (past !== 'create') await requireWorkingConsumer(t, w, desired)
            await requireHealed(t, w, desired)
            await requireWorkingConsumer(t, w, desired)
            if (past === 'retirement') await requireRetired(t, w, desired)
          })
        }
      }
    })
  }
}

for (const [replayIndex, replay] of (['with the secret', 'never'] as const).entries()) {
  t.test(`heals a second kill in the middle of the first recovery, with a replay ${replay}`, async t => {
    const desired = declare('a readable store')
    const afterFirst = async (t: Test, first: Place) => {
      const w = await openAfter(t, 'overlap rotation', replay, desired)
      await killedAt(t, w, desired, first)
      return w
    }
    const firsts = await walk(await openAfter(t, 'overlap rotation', replay, desired), desired)
    t.ok(firsts.length > 1, `it comes by ${firsts.length} places`)
    for (const [firstIndex, first] of firsts.entries()) {
      const seconds = await walk(await afterFirst(t, first), desired)
      // Whoever is killed after the last step leaves nothing to recover.
      t.equal(seconds.length > 0, first !== firsts.at(-1), `${said(first)} leaves ${seconds.length} places`)
      for (const [secondIndex, second] of seconds.entries()) {
        if (!everyNth(5, firstIndex + secondIndex + replayIndex)) continue
        t.test(`${said(first)}, then ${said(second)}`, async t => {
          const w = await afterFirst(t, first)
          await killedAt(t, w, desired, second)
          await requireWorkingConsumer(t, w, desired)
          await requireHealed(t, w, desired)
        })
      }
    }
  })
}

t.test(
  'keeps what a predecessor names until there is another successor, and asks for no key that is gone',
  async t => {
    const desired = declare('a readable store')
    const w = await openAfter(t, 'overlap rotation', 'never', desired)
    await killedAt(t, w, desired, { name: 'after-patch', count: 1 })
    w.forget()
    await requireHealed(t, w, desired)
    const writes = w.exchanges.filter(({ method }) => method !== 'GET')
    t.strictSame(
      writes.map(({ method, status }) => `${method} ${status}`),
      // A twin comes and goes in the place of a replay; the predecessor is marked anew, and the successor delivered.
      ['POST 201', 'DELETE 204', 'POST 201', 'DELETE 204', 'PATCH 200', 'PATCH 200'],
    )
  },
)

t.test('leaves a pending key alive that somebody changed while its successor was being made', async t => {
  const desired = declare('a readable store')
  const w = await openAfter(t, 'overlap rotation', 'never', desired)
  await killedAt(t, w, desired, { name: 'after-patch', count: 1 })
  const pending = (await w.list()).find(({ ownership }) => isIn('pending', ownership))
  if (pending === undefined) return t.fail('a key is pending')
  let made = 0
  w.bend = async (request, answer) => {
    // The first is the twin of a replay.
    if (request.method === 'POST' && (made += 1) === 2)
      await w.client.update(pending.id, { name: 'Renamed' }, { ifMatch: null })
    return answer
  }
  t.match((await w.apply(desired)).report.outcomes, [{ status: 'failed', code: 'conflict' }])
  const left = (await w.list()).filter(({ ownership }) => isIn('pending', ownership))
  t.strictSame(
    left.map(({ id }) => id),
    [pending.id],
    'and the successor, which nobody received, is revoked again',
  )
  w.bend = (_request, answer) => answer
  await requireHealed(t, w, desired)
})

t.test('revokes what nobody received, too, where a later pending key is finished', async t => {
  const w = open(t, 'with the secret')
  const declared = (permissions: Permissions) => desiredState([desiredKey({ permissions })])
  await killedAt(t, w, declared(['read_scenarios', 'upload_results']), { name: 'after-create', count: 1 })
  const desired = declared(['read_scenarios'])
  await killedAt(t, w, desired, { name: 'after-create', count: 1 })
  const [first, second] = (await w.list()).filter(({ ownership }) => isIn('pending', ownership))
  t.ok(first !== undefined && second !== undefined, 'the first stays until the second is proven')
  await requireHealed(t, w, desired)
  t.equal((await w.list()).filter(({ ownership }) => ownership.kind === 'managed').length, 1)
})

t.test('leaves no pending key behind where it finishes one of more than it may leave', async t => {
  const w = open(t, 'with the secret')
  const declared = (permissions: Permissions) =>
    desiredState([desiredKey({ permissions, stores: [keychain, sealed] })])
  const desired = declared(['read_scenarios'])
  for (const one of [declared(['*']), declared(['read_scenarios', 'upload_results']), desired]) {
    await killedAt(t, w, one, { name: 'after-create', count: 1 })
    w.now += 1_000
  }
  await requireHealed(t, w, desired)
})
