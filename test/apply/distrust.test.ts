// What apply takes on nobody's word: neither a store's, nor the platform's, nor that of a look that is a moment old.
import t, { type Test } from 'tap'
import type { ApplyPlatform, ApplyStores } from '../../src/apply/run.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { second } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, envFile, keychain, marker, otherHost } from '../support/build.ts'
import { type World, openWorld, refusingPut } from '../support/world.ts'

function declare(...keys: readonly DesiredKey[]): DesiredState {
  return desiredState(keys, { limits: { revoke: 1, rotate: 1, always: 1000 } })
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const label = storeLabel(keychain.spec)
const other = desiredKey({ keyId: 'other', name: 'Other', stores: [envFile] })
const managedOf = async (w: World) => (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')
const keyIdOf = ({ ownership }: LiveKey) => (ownership.kind === 'managed' ? ownership.marker.keyId : null)

/** Stores that call `before` when they are probed: after the plan, and before anything is done. */
function probing(w: World, before: () => Promise<unknown>): ApplyStores {
  return {
    open: spec => w.stores.open(spec),
    probe: async () => {
      await before()
      return new Map()
    },
  }
}

/** Bends the JSON of an answer to one method and path. */
function rewriting(w: World, method: string, path: RegExp, change: (body: Record<string, unknown>) => void) {
  w.bend = async (request, answer) => {
    if (request.method !== method || !path.test(request.url) || answer.status >= 300) return answer
    const body = (await answer.json()) as Record<string, unknown>
    change(body)
    return Response.json(body, { status: answer.status })
  }
}

t.test(
  'takes back a key that the platform did not make as asked, or whose secret it does not honour',
  async t => {
    const faults: readonly (readonly [RegExp, string, RegExp, (key: Record<string, unknown>) => unknown])[] =
      [
        [/`name` is not what was asked/, 'POST', /api-keys$/, key => (key['name'] = 'Pipeline')],
        [/`scope` is not what was asked/, 'POST', /api-keys$/, key => (key['scope'] = '*')],
        [/`permissions` is not what was/, 'POST', /api-keys$/, key => (key['permissions'] = ['*'])],
        [/`expires_at` is not what was/, 'POST', /api-keys$/, key => (key['expires_at'] = null)],
        [
          /masked key is not that of/,
          'POST',
          /api-keys$/,
          key => (key['masked_key'] = 'flux_ci_****...00000'),
        ],
        [/does not accept the new secret/, 'GET', /whoami$/, key => (key['id'] = 'key_stranger')],
        [/does not accept the new secret/, 'GET', /whoami$/, key => (key['permissions'] = ['*'])],
      ]
    for (const [message, method, path, change] of faults) {
      const w = world(t)
      rewriting(w, method, path, ({ api_key }) => {
        const key = api_key as Record<string, unknown>
        if (String(key['name']).startsWith('CI/CD')) change(key)
      })
      const { report } = await w.apply(declare(desiredKey()))
      t.match(report.outcomes, [{ status: 'failed', message }])
      t.strictSame(await managedOf(w), [])
      t.equal(w.stores.secrets.size, 0)
    }
  },
)

const another = /but that is another key/

t.test('never revokes a key of others because the answer to a creation names it', async t => {
  for (const all of [false, true]) {
    const w = world(t)
    const made = await w.client.create({ ...desiredKey({ name: 'Of others' }), marker: null }, 'by-hand')
    const theirs = (await w.list()).find(({ id }) => id === made.key.id)
    rewriting(w, 'POST', /api-keys$/, ({ api_key }) => {
      const key = api_key as Record<string, unknown>
      key['id'] = made.key.id
      if (all) key['description'] = 'Somebody else wrote this'
    })
    const { report } = await w.apply(declare(desiredKey()))
    t.match(report.outcomes, [{ status: 'failed', message: another }], all ? 'with its fields' : 'by its id')
    w.bend = (_request, answer) => answer
    t.strictSame(
      (await w.list()).find(({ id }) => id === made.key.id),
      theirs,
    )
    await w.apply(declare(desiredKey()))
    t.strictSame((await w.plan(declare(desiredKey()))).changes, [])
    t.equal((await managedOf(w)).length, 1)
  }
})

t.test('never revokes a key that it made because the answer to another creation names it', async t => {
  const w = world(t)
  let first: unknown = null
  rewriting(w, 'POST', /api-keys$/, ({ api_key }) => {
    const key = api_key as Record<string, unknown>
    first ??= key['id']
    key['id'] = first
  })
  const { report } = await w.apply(declare(desiredKey(), other), { run: { parallelism: 1 } })
  t.match(report.outcomes, [{ status: 'done' }, { status: 'failed', message: another }])
  t.ok((await w.list()).some(({ id }) => id === first))
})

t.test(
  'never revokes a key that another run makes at the same moment, and whose answer comes to us',
  async t => {
    for (const replayed of [false, true]) {
      const w = world(t)
      const desired = declare(desiredKey())
      if (replayed) await w.apply(desired, { killAt: { name: 'before-put', count: 1 } })
      let theirs = ''
      let answerToThem: Response | null = null
      let isFirst = true
      w.bend = async (request, answer) => {
        if (request.method !== 'POST') return answer
        if (!isFirst) {
          answerToThem ??= answer.clone()
          return answer
        }
        isFirst = false
        const made = await w.client.create({ ...desiredKey(), marker: marker({ stack: 'theirs' }) }, 'theirs')
        theirs = made.key.id
        return answerToThem ?? answer
      }
      await w.apply(desired)
      t.ok((await w.list()).some(({ id }) => id === theirs))
      await w.apply(desired)
      t.strictSame((await w.plan(desired)).changes, [])
    }
  },
)

t.test('never revokes a key of others because a repeated creation is answered with it', async t => {
  const w = world(t)
  const made = await w.client.create({ ...desiredKey({ name: 'Of others' }), marker: null }, 'by-hand')
  await w.apply(declare(desiredKey()), { killAt: { name: 'before-put', count: 1 } })
  rewriting(w, 'POST', /api-keys$/, ({ api_key }) => {
    ;(api_key as Record<string, unknown>)['id'] = made.key.id
  })
  const { report } = await w.apply(declare(desiredKey()))
  t.match(report.outcomes, [{ status: 'failed', message: another }])
  w.bend = (_request, answer) => answer
  await w.apply(declare(desiredKey()))
  t.strictSame((await w.plan(declare(desiredKey()))).changes, [])
  t.ok((await w.list()).some(({ id }) => id === made.key.id))
})

t.test('takes no store at its word: what it gives back has to be what was put there', async t => {
  const w = world(t)
  const { report } = await w.apply(declare(desiredKey()), {
    run: {
      stores: {
        probe: async () => new Map(),
        open: spec => ({ ...w.stores.open(spec), get: async () => new Secret('flux_ci_cut') }),
      },
    },
  })
  t.match(report.outcomes, [{ status: 'failed', message: /gives back is not the secret/ }])
  t.strictSame(await managedOf(w), [])
})

t.test('finishes no pending key with a secret that only looks like its own', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  await w.apply(desired, { killAt: { name: 'before-put', count: 1 } })
  const [pending] = await managedOf(w)
  const end = pending?.maskedKey.slice(-5) ?? ''
  w.stores.secrets.set(label, new Secret(`flux_ci_of_somebody_else_${end}`))
  await w.apply(desired)
  t.strictSame((await w.plan(desired)).changes, [])
  const stored = w.stores.secrets.get(label)
  if (stored === undefined) return t.fail('a secret is stored')
  t.ok((await w.clientAs(stored, 'consumer/1').whoami()).key)
})

t.test('narrows what a healed key supersedes', async t => {
  const w = world(t)
  w.send = request => {
    const headers = new Headers(request.headers)
    headers.delete('idempotency-key')
    return request.method === 'POST' ? new Request(request, { headers }) : request
  }
  const killed = { name: 'before-put', count: 1 } as const
  await w.apply(declare(desiredKey()), { options: { host: otherHost }, killAt: killed })
  w.now += 3600 * second
  await w.apply(declare(desiredKey()), { killAt: { name: 'after-put', count: 1 } })
  const narrower = declare(desiredKey({ permissions: ['read_scenarios'] }))
  const { report } = await w.apply(narrower)
  t.match(report.outcomes, [{ status: 'done', action: 'healed' }])
  const alive = await managedOf(w)
  t.equal(alive.length, 2)
  for (const { permissions } of alive) t.strictSame(permissions, ['read_scenarios'])
})

t.test('revokes nothing that another run changed since the plan, or since the second look', async t => {
  for (const moment of ['plan', 'look'] as const) {
    const w = world(t)
    await w.apply(declare(desiredKey(), other))
    const revoked = (await managedOf(w)).find(key => keyIdOf(key) === 'ci-pipeline')
    const id = revoked?.id ?? ''
    const give = async () => {
      if (revoked?.ownership.kind !== 'managed') return
      const marker = { ...revoked.ownership.marker, stack: 'another-stack' }
      await w.client.update(id, { description: { text: '', marker } }, { ifMatch: null })
    }
    const late: ApplyPlatform['revoke'] = async (id, options) => {
      await give()
      await w.client.revoke(id, options)
    }
    const platform = new Proxy<ApplyPlatform>(w.client, {
      get: (target, name) => (name === 'revoke' ? late : (Reflect.get(target, name) as unknown)),
    })
    const { report } = await w.apply(declare(other), {
      run: moment === 'plan' ? { stores: probing(w, give) } : { platform },
    })
    t.match(report.outcomes, [{ status: 'failed', code: 'conflict' }], `changed after the ${moment}`)
    t.ok(await w.client.get(id))
  }
})

t.test('takes no key for revoked because a list lacks it, and one that is gone for what it is', async t => {
  for (const isThere of [true, false]) {
    const w = world(t)
    await w.apply(declare(desiredKey(), other))
    const revoked = (await managedOf(w)).find(key => keyIdOf(key) === 'ci-pipeline')
    let lists = 0
    w.bend = async (request, answer) => {
      if (!request.url.includes('/api-keys?')) return answer
      lists += 1
      if (lists !== 2) return answer
      if (!isThere) await w.client.revoke(revoked?.id ?? '')
      const { api_keys: keys } = (await answer.json()) as { api_keys: readonly { readonly id: string }[] }
      return Response.json({ api_keys: keys.filter(({ id }) => id !== revoked?.id), next_cursor: null })
    }
    const { report } = await w.apply(declare(other))
    if (isThere) {
      t.match(report.outcomes, [{ status: 'failed', message: /not in the list of keys any more, and yet/ }])
      t.equal((await managedOf(w)).length, 2)
    } else t.match(report.outcomes, [{ status: 'done', action: 'revoked' }])
    w.bend = (_request, answer) => answer
    await w.apply(declare(other))
    t.strictSame((await managedOf(w)).map(keyIdOf), ['other'])
  }
})

t.test('delivers a new key that the list shows only later, and makes no other for it', async t => {
  const w = world(t)
  let lists = 0
  w.bend = async (request, answer) => {
    if (!request.url.includes('/api-keys?')) return answer
    lists += 1
    // The plan's own list, and then two that lag behind the create.
    if (lists > 3) return answer
    return Response.json({ api_keys: [], next_cursor: null })
  }
  const { report } = await w.apply(declare(desiredKey()))
  t.match(report.outcomes, [{ status: 'done', action: 'created' }])
  t.equal((await managedOf(w)).length, 1)
  const made = w.exchanges.filter(({ method, path }) => method === 'POST' && path.endsWith('/api-keys'))
  t.equal(made.length, 1)
})

t.test('takes back a new key that no list ever shows, and says so', async t => {
  const w = world(t)
  w.bend = (request, answer) =>
    request.url.includes('/api-keys?') ? Response.json({ api_keys: [], next_cursor: null }) : answer
  const { report } = await w.apply(declare(desiredKey()))
  t.match(report.outcomes, [{ status: 'failed', code: 'conflict', message: /not in the list of keys/ }])
})

t.test('revokes nothing where anything before it failed', async t => {
  const w = world(t)
  await w.apply(declare(desiredKey()))
  w.stores.beforePut = refusingPut(storeLabel(envFile.spec))
  const { report } = await w.apply(declare(other))
  t.match(report.outcomes, [
    { status: 'skipped', why: 'earlier-failure', change: { kind: 'revoke' } },
    { status: 'failed' },
  ])
  t.strictSame((await managedOf(w)).map(keyIdOf), ['ci-pipeline'])
})

t.test('yields to a rival that has delivered already, even where that one is the younger', async t => {
  const w = world(t)
  const desired = declare(desiredKey())
  const { report } = await w.apply(desired, {
    run: {
      stores: probing(w, async () => {
        await w.apply(desired)
        w.now -= 5 * second
      }),
    },
  })
  t.match(report.outcomes, [{ status: 'failed', code: 'conflict' }])
  t.equal((await managedOf(w)).length, 1)
})

t.test('stops where the caller is no longer known, with no futile request for what is left', async t => {
  const w = world(t)
  const keys = Array.from({ length: 10 }, (_, index) =>
    desiredKey({ keyId: `key-${index}`, name: `key-${index}`, stores: [envFile] }),
  )
  let posts = 0
  w.bend = (request, answer) => {
    if (request.method !== 'POST') return answer
    posts += 1
    return Response.json({ detail: 'gone', code: 'invalid_api_key' }, { status: 401 })
  }
  await w.apply(declare(...keys), { run: { parallelism: 1 } })
  t.equal(posts, 1)
})

t.test(
  'puts the former description back where a platform loses the marker of an update, and stops',
  async t => {
    const w = world(t)
    await w.apply(declare(desiredKey(), other))
    const before = (await managedOf(w)).map(({ ownership }) => ownership)
    rewriting(w, 'PATCH', /./, key => {
      key['description'] = String(key['description']).replace(/ ?\[fk1 [^\]]*\]/, '')
    })
    const wider = { permissions: ['read_scenarios'] }
    const desired = declare(desiredKey(wider), desiredKey({ ...other, ...wider, rotation: {} }))
    const { report } = await w.apply(desired, { run: { parallelism: 1 } })
    t.match(report.outcomes, [
      { status: 'failed', message: /did not keep the marker/ },
      { status: 'skipped', why: 'stopped' },
    ])
    t.strictSame(
      (await managedOf(w)).map(({ ownership }) => ownership),
      before,
    )
  },
)
