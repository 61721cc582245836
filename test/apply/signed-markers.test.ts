// Which markers apply signs, and what it lets a signature prove.
import t, { type Test } from 'tap'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { transition } from '../../src/lifecycle/transitions.ts'
import { isSigned, signedKeys } from '../../src/platform/signature.ts'
import { requestsToApply } from '../../src/plan/requests.ts'
import { desiredKey, desiredState, envFile, sealed, stack } from '../support/build.ts'
import { signingKey } from '../support/signing.ts'
import { type ApplyHow, type World, openWorld } from '../support/world.ts'

const team = signingKey()
const publicKeys = [team.publicKey]
const marker = { publicKeys, signingKey: 'FLUXLOOP_KEYS_SIGNING_KEY' }
const open = { limits: { revoke: 1, rotate: 1, always: 1000 }, marker }
const declare = (...keys: readonly DesiredKey[]): DesiredState => desiredState(keys, open)

/** No store of it can be read: nothing but a signature proves it. */
const key = desiredKey({ stores: [sealed], scope: ['sales-assistant'], permissions: ['read_scenarios'] })
const wider = { ...key, permissions: ['read_results', 'read_scenarios'] } as const

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

/** Plans with what the signatures prove, and applies. `signs`: the signing key is there. */
async function apply(w: World, desired: DesiredState, how: ApplyHow = {}, signs = true) {
  const signing = {
    sign: signs ? team.sign : (next: Parameters<typeof team.sign>[0]) => next,
    isSigned: (live: LiveKey) => isSigned(live, publicKeys),
  }
  const proven = signedKeys(await w.list(), publicKeys)
  const applied = await w.apply(desired, {
    ...how,
    options: { ...proven, ...how.options },
    run: { signing, ...how.run },
  })
  const failed = applied.report.outcomes.filter(({ status }) => status !== 'done')
  return { ...applied, failed, changes: applied.plan.changes.map(({ kind }) => kind) }
}

/** `g1 delivered signed`, sorted. */
async function states(w: World): Promise<readonly string[]> {
  return (await w.list())
    .flatMap(({ ownership }) => {
      if (ownership.kind !== 'managed') return []
      const { generation, state, signature } = ownership.marker
      return [`g${generation} ${state.kind} ${signature === null ? 'unsigned' : 'signed'}`]
    })
    .sort()
}

const held = (live: LiveKey) => new Map([['ci-pipeline', new Set([live.id])]])

async function only(w: World): Promise<LiveKey> {
  const [live, ...others] = (await w.list()).filter(({ ownership }) => ownership.kind !== 'unmanaged')
  if (live === undefined || others.length > 0) throw new Error('not one key')
  return live
}

t.test('signs what it delivers, and what retires, in the requests that it makes anyway', async t => {
  const w = world(t)
  await apply(w, declare(key), { killAt: { name: 'after-create', count: 1 } }).catch(() => undefined)
  t.strictSame(await states(w), ['g1 pending unsigned'], 'nobody has its secret yet')
  await apply(w, declare(key), {
    options: { rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) },
  })
  const [first] = await states(w)
  t.match(first, /signed/)
  t.ok(
    (await states(w)).every(line => /^g\d (retiring|delivered) signed$/.test(line)),
    (await states(w)).join(),
  )
  t.strictSame((await apply(w, declare(key))).changes, [], 'and finds nothing to do then')
})

t.test('where nobody signs, nothing is signed', async t => {
  const w = world(t)
  await apply(w, declare(key), {}, false)
  t.strictSame(await states(w), ['g1 delivered unsigned'])
})

t.test('gives a signed key more, which no store proves, and signs it again', async t => {
  const w = world(t)
  await apply(w, declare(key))
  const before = await only(w)
  w.forget()
  const { plan, changes, failed } = await apply(w, declare(wider))
  t.strictSame([changes, failed], [['update'], []])
  t.match(plan.changes, [{ proof: 'signature', fields: [{ field: 'permissions', widens: true }] }])
  const made = w.requests().filter(line => !line.endsWith('whoami') && line !== 'GET /api/api-keys')
  t.strictSame(made, ['GET /api/api-keys/:id', 'PATCH /api/api-keys/:id'])
  t.strictSame(requestsToApply(plan, 1), { least: 2, most: 2 }, 'as the plan counts them')
  const after = await only(w)
  t.strictSame([after.id, after.permissions], [before.id, wider.permissions])
  t.strictSame(await states(w), ['g1 delivered signed'])
  t.ok(isSigned(after, publicKeys))
})

t.test('gives an unsigned key nothing: a successor gets it', async t => {
  const w = world(t)
  await apply(w, declare(key), {}, false)
  const { changes, failed } = await apply(w, declare(wider))
  t.strictSame([changes, failed], [['rotate'], []])
  t.strictSame(await states(w), ['g1 retiring signed', 'g2 delivered signed'])
  const permissions = (await w.list()).flatMap(({ ownership, permissions: has }) =>
    ownership.kind === 'managed' ? [`g${ownership.marker.generation} ${has.join()}`] : [],
  )
  t.strictSame(permissions.sort(), ['g1 read_scenarios', `g2 ${wider.permissions.join()}`])
})

t.test('looks at the signature once more right before it gives a key more', async t => {
  const tampering: Readonly<Record<string, (live: LiveKey) => Parameters<World['client']['update']>[1]>> = {
    'the signature is gone': live => {
      if (live.ownership.kind !== 'managed') throw new Error('not managed')
      const unsigned = transition(live.ownership.marker, { kind: 'bound' }, live.id)
      return { description: { text: live.description, marker: unsigned } }
    },
    'the marker is gone': live => ({ description: { text: live.description, marker: null } }),
  }
  for (const [what, change] of Object.entries(tampering)) {
    const w = world(t)
    await apply(w, declare(key))
    const live = await only(w)
    const stores = {
      open: w.stores.open.bind(w.stores),
      probe: async () => {
        await w.client.update(live.id, change(live), { ifMatch: null })
        return new Map()
      },
    }
    const { failed } = await apply(w, declare(wider), { run: { stores } })
    t.match(failed, [{ status: 'failed', code: 'conflict' }], what)
    t.strictSame((await w.client.get(live.id)).permissions, key.permissions, what)
  }
})

t.test('an update of a key that nothing proves is written unsigned', async t => {
  const named = { ...key, name: 'Another Name' }
  const rows = {
    'never signed': { signs: false, expected: 'g1 delivered unsigned' },
    signed: { signs: true, expected: 'g1 delivered signed' },
  }
  for (const [what, { signs, expected }] of Object.entries(rows)) {
    const w = world(t)
    await apply(w, declare(key), {}, signs)
    t.strictSame((await apply(w, declare(named))).changes, ['update'], what)
    t.strictSame(await states(w), [expected], what)
  }
})

t.test(
  'the end of a stored secret does not stand in for its proof, where an update asks for none',
  async t => {
    const readable = { ...key, stores: [envFile] }
    const w = world(t)
    await apply(w, declare(readable), {}, false)
    const options = { held: held(await only(w)) }
    await apply(w, declare({ ...readable, name: 'Another Name' }), { options })
    t.strictSame(await states(w), ['g1 delivered unsigned'])
  },
)

t.test('--sign signs a head that its store proves, once, and leaves one that nothing proves', async t => {
  const readable = { ...key, stores: [envFile] }
  const w = world(t)
  await apply(w, declare(readable), {}, false)
  const options = { sign: true, held: held(await only(w)) }
  const unproven = await apply(w, declare(readable), { options: { sign: true, held: new Map() } })
  t.match(unproven.plan, { changes: [], findings: [{ code: 'not-signed', keyId: 'ci-pipeline' }] })
  w.forget()
  const { plan, failed } = await apply(w, declare(readable), { options })
  const fields = [{ field: 'signature', current: 'none', desired: 'by the present key' }]
  t.match(plan.changes, [{ kind: 'update', proof: 'store', fields }])
  t.strictSame([plan.changes.length, failed], [1, []])
  t.equal(w.requests().filter(line => line.endsWith('whoami')).length, 2, 'the secret was proven')
  t.strictSame(await states(w), ['g1 delivered signed'])
  t.strictSame((await apply(w, declare(readable), { options })).changes, [], 'a second run has nothing to do')

  const stale = world(t)
  await apply(stale, declare(readable), {}, false)
  stale.stores.secrets.clear()
  const lost = await apply(stale, declare(readable), {
    options: { sign: true, held: held(await only(stale)) },
  })
  t.match(lost.failed, [{ status: 'failed', code: 'conflict' }], 'the store lost it since the plan')
  t.strictSame(await states(stale), ['g1 delivered unsigned'])
})

t.test(
  'signs an adopted key that the configuration names by its id, and none that it names by its name',
  async t => {
    for (const [by, expected] of [
      ['id', 'g1 external signed'],
      ['name', 'g1 external unsigned'],
    ] as const) {
      const w = world(t)
      const { name, scope, permissions, environment, expires } = key
      const made = { name, description: '', marker: null, environment, scope, permissions, expires }
      const { id } = (await w.client.create(made, 'by-hand')).key
      await apply(w, declare({ ...key, adopt: by === 'id' ? id : name }))
      t.strictSame(await states(w), [expected], by)
    }
  },
)

t.test('signs what grants nothing, proven or not: a key that leaked, and one that is given up', async t => {
  const leaking = world(t)
  await apply(leaking, declare(key), {}, false)
  await apply(leaking, declare(key), {
    options: { rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]) },
    killAt: { name: 'before-create', count: 1 },
  }).catch(() => undefined)
  t.strictSame(await states(leaking), ['g1 leaked signed'])

  const given = world(t)
  await apply(given, declare(key), {}, false)
  const prune = { ...desiredState().prune, removed: 'retain' } as const
  const other = desiredKey({ keyId: 'other', name: 'Other' })
  await apply(given, { ...declare(other), stack, prune })
  t.ok((await states(given)).includes('g1 released signed'), (await states(given)).join())
})

t.test('cuts the description of a retiring key to what a signature leaves', async t => {
  const w = world(t)
  const long = { ...key, description: 'x'.repeat(240) }
  await apply(w, declare(long))
  w.now += 61 * day
  const { failed } = await apply(w, declare(long))
  t.strictSame(failed, [])
  t.strictSame(await states(w), ['g1 retiring signed', 'g2 delivered signed'])
})

t.test('an earlier signature that somebody puts back makes no head of a key that retired', async t => {
  const w = world(t)
  await apply(w, declare(key))
  const first = await only(w)
  const { ownership } = first
  if (ownership.kind !== 'managed') throw new Error('not managed')
  w.now += 61 * day
  await apply(w, declare(key))
  await w.client.update(
    first.id,
    { description: { text: first.description, marker: ownership.marker } },
    { ifMatch: null },
  )
  t.strictSame(await states(w), ['g1 delivered signed', 'g2 delivered signed'])
  const { plan, failed } = await apply(w, declare(wider))
  t.strictSame(failed, [])
  t.match(
    plan.changes.map(change => ('live' in change ? [change.kind, change.live.id === first.id] : [])).sort(),
    [
      ['update', false],
      ['update', true],
    ],
  )
  t.strictSame(await states(w), ['g1 retiring signed', 'g2 delivered signed'])
  t.strictSame((await w.client.get(first.id)).permissions, key.permissions, 'it is given nothing')
})
