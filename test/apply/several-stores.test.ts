// Several stores for a key: what happens as they come and go, against the real sandbox.
import t, { type Test } from 'tap'
import type { DesiredKey } from '../../src/model/desired.ts'
import { Failure } from '../../src/model/failure.ts'
import type { FormerStore } from '../../src/model/removal.ts'
import { Secret } from '../../src/model/secret.ts'
import { type DeclaredStore, storeLabel } from '../../src/model/store.ts'
import type { PlanOptions } from '../../src/plan/input.ts'
import { days, desiredKey, desiredState, envFile, keychain, sealed } from '../support/build.ts'
import { formerly, summary } from '../support/plan-of.ts'
import { Killed, type World, openWorld, refusingPut } from '../support/world.ts'

const otherFile: DeclaredStore = {
  spec: { kind: 'env-file', path: '/srv/other/.env', name: 'KEY', declaredIn: '/srv' },
  hash: 'dddd00',
}
const key = (stores: readonly DeclaredStore[], rest: Partial<DesiredKey> = {}) =>
  desiredState([desiredKey({ stores, expires: days(90), ...rest })])

function world(t: Test): World {
  const w = openWorld()
  t.teardown(() => w.close())
  return w
}

/** The labels of the stores that hold the secret of this key now. */
function holding(w: World, end: string): readonly string[] {
  return [...w.stores.secrets].filter(([, secret]) => secret.end(4) === end).map(([label]) => label)
}

const label = ({ spec }: DeclaredStore) => storeLabel(spec)
const found = (...stores: readonly (Partial<FormerStore> & DeclaredStore)[]): Partial<PlanOptions> => ({
  formerStores: formerly(...stores),
})
const outcomes = ({ report }: Awaited<ReturnType<World['apply']>>) =>
  report.outcomes.map(outcome => (outcome.status === 'done' ? outcome.action : outcome.status))

const managed = async (w: World) => (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')

async function delivered(t: Test, stores: readonly DeclaredStore[]) {
  const w = world(t)
  await w.apply(key(stores))
  const [live] = await managed(w)
  if (live === undefined) throw new Error('the key was made')
  w.forget()
  return { w, end: live.maskedKey.slice(-4) }
}

/** Each row begins with a key that is delivered to `before`. */
interface Row {
  readonly title: string
  readonly before: readonly DeclaredStore[]
  readonly after: readonly DeclaredStore[]
  readonly rest?: Partial<DesiredKey>
  readonly options?: Partial<PlanOptions>
  readonly arrange?: (w: World) => void
  readonly plan: readonly string[]
  readonly done: readonly string[]
  /** Where the first secret is afterwards. */
  readonly first: readonly DeclaredStore[]
  /** Requests that write, or prove a secret. */
  readonly requests: readonly string[]
}

const patch = 'PATCH /api/api-keys/:id'
const proof = 'GET /api/auth/whoami'
const rows: readonly Row[] = [
  {
    title: 'copies to a store that was added, from one that can be read',
    before: [keychain],
    after: [sealed, keychain],
    plan: ['deliver'],
    done: ['delivered'],
    first: [keychain, sealed],
    requests: [proof, patch],
  },
  {
    title: 'rotates for a store that was added where none can be read',
    before: [sealed],
    after: [sealed, { ...otherFile, spec: { ...sealed.spec, path: '/b.age' } as DeclaredStore['spec'] }],
    plan: ['deliver, rotates'],
    done: ['rotated'],
    first: [],
    requests: ['POST /api/api-keys', proof, patch, patch],
  },
  {
    title: 'takes the secret out of a store that was removed',
    before: [keychain, envFile],
    after: [keychain],
    options: found(envFile),
    plan: ['update'],
    done: ['updated'],
    first: [keychain],
    requests: [patch],
  },
  {
    title: 'takes it out in the same request as other changes',
    before: [keychain, envFile],
    after: [keychain],
    rest: { name: 'Renamed' },
    options: found(envFile),
    plan: ['update'],
    done: ['updated'],
    first: [keychain],
    requests: [patch],
  },
  {
    title: 'moves the secret to another store without a rotation',
    before: [envFile],
    after: [sealed],
    options: found(envFile),
    plan: ['deliver'],
    done: ['delivered'],
    first: [sealed],
    requests: [proof, patch],
  },
  {
    title: 'takes it out of a store that cannot be read, too',
    before: [keychain, sealed],
    after: [keychain],
    options: found(sealed),
    plan: ['update'],
    done: ['updated'],
    first: [keychain],
    requests: [patch],
  },
  {
    title: 'leaves it there where keepRemoved says so',
    before: [keychain, envFile],
    after: [keychain],
    rest: { keepRemoved: true },
    plan: ['update'],
    done: ['updated'],
    first: [keychain, envFile],
    requests: [patch],
  },
  {
    title: 'leaves alone what somebody else put there since',
    before: [keychain, envFile],
    after: [keychain],
    options: found(envFile),
    arrange: w => void w.stores.secrets.set(label(envFile), new Secret('somebody-elses')),
    plan: ['update'],
    done: ['updated'],
    first: [keychain],
    requests: [patch],
  },
  {
    title: 'empties no place that another store uses by now',
    before: [keychain, envFile],
    after: [keychain],
    options: found({ ...envFile, free: null }),
    plan: ['update'],
    done: ['updated'],
    first: [keychain, envFile],
    requests: [patch],
  },
  {
    title: 'writes anew what is declared differently at the same place',
    before: [keychain, envFile],
    after: [keychain, { ...envFile, hash: `${envFile.hash.slice(0, 4)}01` }],
    arrange: w => {
      w.stores.beforePut = asked => {
        if (asked === label(keychain)) throw new Error('the keychain has it already')
      }
    },
    plan: ['deliver'],
    done: ['delivered'],
    first: [keychain, envFile],
    requests: [proof, patch],
  },
]

for (const row of rows) {
  t.test(row.title, async t => {
    const { w, end } = await delivered(t, row.before)
    row.arrange?.(w)
    const after = key(row.after, row.rest)
    const planned = await w.plan(after, row.options)
    t.strictSame(
      planned.changes.map(change =>
        change.kind === 'deliver' && change.rotates ? 'deliver, rotates' : change.kind,
      ),
      row.plan,
    )
    w.forget()
    const applied = await w.apply(after, { options: row.options ?? {} })
    t.strictSame(outcomes(applied), row.done)
    const writes = w.requests().filter(request => !request.startsWith('GET /api/api-keys'))
    t.strictSame(writes.slice(1), row.requests, 'and the whoami of the plan')
    t.strictSame(holding(w, end).toSorted(), row.first.map(label).toSorted())
    t.strictSame(summary(await w.plan(after, row.options)), [], 'the second plan is empty')
  })
}

t.test('says what cannot be found, and remembers it across a rotation until it is found', async t => {
  const { w, end } = await delivered(t, [keychain, envFile])
  const after = key([keychain])
  const blind = await w.plan(after)
  t.match(blind, { changes: [], findings: [{ code: 'store-left', cause: 'not-found', count: 1 }] })

  await w.apply(after, { options: { rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) } })
  t.strictSame(holding(w, end), [label(envFile)], 'the predecessor is where nobody looked')
  t.match(await w.plan(after), { changes: [], findings: [{ code: 'store-left' }] })

  const again = key([keychain, envFile])
  t.match((await w.plan(again)).changes, [{ kind: 'deliver', reasons: [{ code: 'store-added' }] }])

  await w.apply(after, { options: found(envFile) })
  t.strictSame(holding(w, end), [])
  t.match(await w.plan(after), { changes: [], findings: [] })
})

t.test('takes nothing out of another host, and says so', async t => {
  const { w, end } = await delivered(t, [keychain, envFile])
  const here = { localKeys: new Set(['ci-pipeline']) }
  await w.apply(key([keychain, envFile, sealed]), { options: here })
  const after = key([sealed])
  const there = { host: 'bbbbbbbb', ...found(keychain, envFile) }
  t.match(await w.plan(after, there), {
    changes: [],
    findings: [{ code: 'store-left', cause: 'other-host', stores: [label(keychain), label(envFile)] }],
  })
  await w.apply(after, {
    options: { ...there, rotate: new Map([['ci-pipeline', { note: null, leaked: false }]]) },
  })
  t.strictSame(holding(w, end).length, 2, 'a rotation there leaves them as they are')
  t.match((await w.plan(after, there)).findings, [{ code: 'store-left', cause: 'other-host' }])

  await w.apply(after, { options: found(keychain, envFile) })
  t.strictSame(holding(w, end), [], 'their own host empties them')
})

t.test('does all else where a lost store fails, and tries that again', async t => {
  const { w, end } = await delivered(t, [keychain, envFile])
  const locked: World['stores']['open'] = spec => ({
    ...w.stores.open(spec),
    remove: async () => {
      throw new Failure('failed', 'it is locked')
    },
  })
  const after = key([keychain], { name: 'Renamed' })
  const failed = await w.apply(after, {
    options: found(envFile),
    run: { stores: { ...w.stores, open: locked } },
  })
  t.match(failed.report.outcomes, [
    { status: 'failed', message: /could not be taken out of env-file .*: it is locked/ },
  ])
  t.equal((await managed(w))[0]?.name, 'Renamed')
  t.strictSame(holding(w, end).length, 2)
  t.strictSame(outcomes(await w.apply(after, { options: found(envFile) })), ['updated'])
  t.strictSame(holding(w, end), [label(keychain)])
})

t.test('goes on where it was killed, with nothing left in a lost store', async t => {
  for (const name of ['before-remove', 'after-remove', 'before-patch', 'after-patch'] as const) {
    const { w, end } = await delivered(t, [keychain, envFile])
    const after = key([keychain])
    const rotate = new Map([['ci-pipeline', { note: null, leaked: false }]])
    await w
      .apply(after, { options: { ...found(envFile), rotate }, killAt: { name, count: 1 } })
      .catch((error: unknown) => t.type(error, Killed))
    await w.apply(after, { options: found(envFile) })
    t.strictSame(holding(w, end), [], name)
    t.match(await w.plan(after, found(envFile)), { changes: [], findings: [] }, name)
  }
})

t.test('puts into stores that can be read first, and the next apply goes on from there', async t => {
  const w = world(t)
  const order: string[] = []
  w.stores.beforePut = asked => {
    order.push(asked)
    refusingPut(label(sealed))(asked)
  }
  t.strictSame(outcomes(await w.apply(key([sealed, envFile, keychain]))), ['failed'])
  t.strictSame(order, [label(envFile), label(keychain), label(sealed)])
  const [half] = await managed(w)
  w.stores.beforePut = asked => void order.push(asked)
  order.length = 0
  t.strictSame(outcomes(await w.apply(key([sealed, envFile, keychain]))), ['healed'])
  t.strictSame(order, [label(sealed)], 'only what is missing is put')
  t.strictSame(
    (await managed(w)).map(({ id }) => id),
    [half?.id],
    'the same key',
  )
})

t.test('revokes keys that nobody received, and narrows only those that it leaves', async t => {
  const w = world(t)
  const wide = key([sealed], { permissions: ['*'] })
  for (let run = 1; run <= 4; run++) {
    w.now += 1_000
    // A platform that has forgotten earlier requests makes a twin in the place of a replay.
    w.send = request => {
      const asked = request.headers.get('idempotency-key')
      if (asked !== null) request.headers.set('idempotency-key', `${asked}-${run}`)
      return request
    }
    await w.apply(wide, { killAt: { name: 'after-put', count: 1 } })
  }
  w.now += 1_000
  const done = await w.apply(key([sealed]))
  t.strictSame(outcomes(done).toSorted(), ['healed', 'revoked', 'updated'])
  t.strictSame((await w.plan(key([sealed]))).changes, [])
})
