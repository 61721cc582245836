// What docs/guides/signing.md promises, with the built program: a write-only store, so that nothing but a signature proves a key.
import t, { type Test } from 'tap'
import { boundTo } from '../../src/lifecycle/binding.ts'
import { day } from '../../src/model/duration.ts'
import { type LiveKey, visibleEnd } from '../../src/model/live-key.ts'
import { createClient } from '../../src/platform/client.ts'
import { isSigned } from '../../src/platform/signature.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'
import type { Secret } from '../../src/model/secret.ts'
import { needs } from '../support/needs.ts'
import { type Ended, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { type SigningKey, signingKey } from '../support/signing.ts'
import { overFetch } from '../../src/platform/transport.ts'

const variable = 'FLUXLOOP_KEYS_SIGNING_KEY'
const narrow = ['read_scenarios']
const wide = ['read_scenarios', 'upload_results']

interface Declared {
  readonly permissions: readonly string[]
  /** The first one is that of the key that signs; none: no `marker` block. */
  readonly publicKeys?: readonly SigningKey[]
  readonly signs?: boolean
  readonly name?: string
  /** A store that can be read too. */
  readonly readable?: boolean
}

function configuration({
  permissions,
  publicKeys = [],
  signs = true,
  name = 'CI',
  readable = false,
}: Declared): string {
  const signing = signs ? `, signingKey: { env: ${variable} }` : ''
  const marker = `marker: { publicKeys: [${publicKeys.map(({ publicKey }) => publicKey).join(', ')}]${signing} }\n`
  const file = readable ? ', { env-file: { path: .env, name: KEY } }' : ''
  return `version: 1
stack: acme
${publicKeys.length === 0 ? '' : marker}limits: { rotate: 100%, revoke: 100% }
keys:
  ci:
    name: ${name}
    scope: all
    permissions: [${permissions.join(', ')}]
    expires: never
    store: [{ exec: { put: [sh, -c, 'cat > ../kept'] } }${file}]
`
}

async function scene(t: Test) {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  const run = (line: string, key: SigningKey | null): Promise<Ended> =>
    place.run(line.split(' '), { env: key === null ? {} : { [variable]: key.pem } })
  const succeed = async (line: string, key: SigningKey | null = null): Promise<string> => {
    const { code, stdout, stderr } = await run(line, key)
    if (code !== 0) throw new Error(`${line} exits ${code}: ${stderr}${stdout}`)
    return stdout
  }
  return {
    platform,
    place,
    run,
    declare: (declared: Declared) => place.write('fluxloop-keys.yaml', configuration(declared)),
    plan: async (flags = '') => JSON.parse(await succeed(`plan --json${flags}`)) as PlanJson,
    apply: (key: SigningKey | null, flags = '') => succeed(`apply --auto-approve${flags}`, key),
    /** A person who calls by the web page, or by a secret of hers. */
    callerAs: (credential: Secret) =>
      createClient({
        baseUrl: 'http://localhost',
        credential,
        transport: overFetch(request => platform.send(request)),
        userAgent: 'web-page/1',
        random: () => 0,
        sleep: async () => undefined,
        now: () => platform.now,
      }),
  }
}

const does = ({ changes }: PlanJson) =>
  changes.map(({ action, key, fields }) =>
    [`${action} ${key}`, ...fields.map(({ field }) => field)].join(' '),
  )

const markerOf = ({ ownership }: LiveKey) => {
  if (ownership.kind !== 'managed') throw new Error('not managed')
  return ownership.marker
}

const states = (keys: readonly LiveKey[]) =>
  keys
    .map(live => {
      const { generation, state, signature } = markerOf(live)
      return `g${generation} ${state.kind} ${signature === null ? 'unsigned' : 'signed'}`
    })
    .sort()

t.test('enabled, a widening edit of a key in a write-only store is an update and no rotation', async t => {
  const { platform, place, declare, plan, apply } = await scene(t)
  const team = signingKey()
  await declare({ permissions: narrow })
  await apply(null)
  await declare({ permissions: wide, publicKeys: [team] })
  t.strictSame(does(await plan()), ['rotate ci permissions'], 'what was never signed is replaced')
  await apply(team)
  t.strictSame(states(await platform.managed()), ['g1 retiring signed', 'g2 delivered signed'])
  const secret = await place.read('../kept')

  await declare({ permissions: narrow, publicKeys: [team] })
  await apply(team)
  await declare({ permissions: wide, publicKeys: [team] })
  t.strictSame(does(await plan()), ['update ci permissions'], 'plan needs no signing key')
  platform.forget()
  await apply(team)
  t.strictSame(platform.requests, [
    'GET /api/api-keys',
    'GET /api/auth/whoami',
    'GET /api/api-keys/:id',
    'PATCH /api/api-keys/:id',
  ])
  t.equal(await place.read('../kept'), secret, 'its consumers keep their secret')
  const head = (await platform.managed()).find(live => markerOf(live).generation === 2)
  t.strictSame([head?.permissions, head && isSigned(head, [team.publicKey])], [wide, true])
  t.strictSame(does(await plan()), [])
})

t.test(
  'enabled with --sign, keys that a readable store proves are signed at once, as the plan shows',
  async t => {
    const { platform, declare, plan, apply, run } = await scene(t)
    const team = signingKey()
    await declare({ permissions: narrow, readable: true })
    await apply(null)
    t.match(await run('apply --sign --auto-approve', team), { code: 2, stderr: /names no signing key/ })
    await declare({ permissions: narrow, readable: true, publicKeys: [team] })
    t.strictSame(does(await plan()), [], 'nobody is asked to sign')
    t.strictSame(does(await plan(' --sign')), ['update ci signature'])
    const saved = await run('plan --sign --out sign.plan', null)
    t.match(saved.stderr, /apply sign\.plan --sign/)
    t.match(await run('apply sign.plan', team), { code: 2, stderr: /made with --sign/ })
    t.match(await run('apply sign.plan --sign', team), { code: 0 })
    t.strictSame(states(await platform.managed()), ['g1 delivered signed'])
    t.match(await apply(team, ' --sign'), /No changes/)
  },
)

t.test('rotated, the former public key proves until each key is signed by the new one', async t => {
  const { platform, declare, plan, apply, run } = await scene(t)
  const [former, present] = [signingKey(), signingKey()]
  await declare({ permissions: narrow, publicKeys: [former] })
  await apply(former)

  await declare({ permissions: wide, publicKeys: [former, present] })
  const early = await run('apply --auto-approve', present)
  t.match(early, { code: 2, stderr: /does not belong to the first/ })
  await declare({ permissions: wide, publicKeys: [present, former] })
  t.strictSame(does(await plan()), ['update ci permissions'], 'the former signature still proves')
  t.strictSame(does(await plan(' --sign')), ['update ci permissions signature'])
  await declare({ permissions: narrow, publicKeys: [present, former] })
  t.strictSame(does(await plan()), [])
  t.match(await plan(' --sign'), {
    changes: [{ fields: [{ field: 'signature', current: 'by a former key' }] }],
  })
  await apply(present, ' --sign')
  const [live] = await platform.managed()
  t.ok(live && isSigned(live, [present.publicKey]))

  await declare({ permissions: wide, publicKeys: [present] })
  t.strictSame(does(await plan()), ['update ci permissions'], 'and the former one can go')
  await apply(present)
  t.strictSame(states(await platform.managed()), ['g1 delivered signed'])
})

t.test('lost, apply stops before it writes anything, until the configuration says so', async t => {
  const { platform, declare, plan, apply, run } = await scene(t)
  const [lost, fresh] = [signingKey(), signingKey()]
  await declare({ permissions: narrow, publicKeys: [lost] })
  await apply(lost)
  await declare({ permissions: wide, publicKeys: [lost] })
  t.strictSame(does(await plan()), ['update ci permissions'])
  platform.forget()
  const stopped = await run('apply --auto-approve', null)
  t.match(stopped, { code: 2, stderr: /which holds the signing key, is not/ })
  t.strictSame(platform.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])

  // Nobody signs: what is signed stays proven until it is written.
  await declare({ permissions: wide, publicKeys: [lost], signs: false })
  await apply(null)
  t.strictSame(states(await platform.managed()), ['g1 delivered unsigned'])
  // A new pair of keys: what it has not signed is replaced when it should get more.
  await declare({ permissions: [...wide, 'read_results'], publicKeys: [fresh, lost] })
  t.strictSame(does(await plan()), ['rotate ci permissions'])
  await apply(fresh)
  t.strictSame(states(await platform.managed()), ['g1 retiring signed', 'g2 delivered signed'])
})

t.test('stolen, what it signed proves nothing once its public key is gone', async t => {
  const { declare, plan, apply } = await scene(t)
  const [stolen, fresh] = [signingKey(), signingKey()]
  await declare({ permissions: narrow, publicKeys: [stolen] })
  await apply(stolen)
  await declare({ permissions: wide, publicKeys: [fresh] })
  t.strictSame(does(await plan()), ['rotate ci permissions'])
})

t.test('a colleague who may edit keys gets nothing by any marker that she writes', async t => {
  const { platform, declare, plan, apply, callerAs } = await scene(t)
  const team = signingKey()
  await declare({ permissions: narrow, publicKeys: [team] })
  await apply(team)
  const [ours] = await platform.managed()
  if (ours === undefined) throw new Error('no key')
  const administrator = callerAs(platform.administrator)
  const own = ['manage_keys', 'read_results']
  const hers = await administrator.create(
    {
      name: 'Mallory',
      description: '',
      marker: null,
      environment: null,
      scope: 'all',
      permissions: own,
      expires: { kind: 'never' },
    },
    'mallory',
  )
  if (hers.secret === null) throw new Error('no secret')
  const mallory = callerAs(hers.secret)
  const granted = async () => (await administrator.get(hers.key.id)).permissions
  const forge = (text: ReturnType<typeof markerOf>) =>
    mallory.update(hers.key.id, { description: { text: '', marker: text } }, { ifMatch: null })
  const marker = markerOf(ours)
  const { state: ourState } = marker
  if (ourState.kind !== 'delivered') throw new Error('not delivered')
  const claim = {
    ...marker,
    binding: boundTo(hers.key.id),
    state: { ...ourState, visibleEnd: visibleEnd(hers.key.maskedKey) },
  }
  const forgeries: Readonly<Record<string, typeof marker>> = {
    'the marker as it is': marker,
    'bound to her key, with our signature': claim,
    'a higher generation, signed by her own key': signingKey().sign(
      { ...claim, generation: 999_999 },
      hers.key.id,
    ),
    unsigned: { ...claim, signature: null },
  }
  for (const [what, forged] of Object.entries(forgeries)) {
    await declare({ permissions: narrow, publicKeys: [team] })
    await apply(team)
    await forge(forged)
    await declare({ permissions: wide, publicKeys: [team] })
    const planned = await plan()
    t.ok(does(planned).includes('update ci permissions'), `${what}: ours is the head`)
    await apply(team)
    const more = (await granted()).filter(permission => !own.includes(permission))
    t.strictSame(more, [], `${what}: nothing more`)
    t.strictSame((await administrator.get(ours.id)).permissions, wide, `${what}: ours has what is declared`)
    const after = await administrator.get(ours.id)
    t.equal(markerOf(after).state.kind, 'delivered', `${what}: ours stays in use`)
  }
  platform.now += 30 * day
  await apply(team)
  t.ok(
    (await platform.live()).some(({ id }) => id === ours.id),
    'and is never revoked for hers',
  )
})

t.test('no program that is started gets the signing key, and no output shows it', async t => {
  const { place, declare, run } = await scene(t)
  const team = signingKey()
  await declare({ permissions: narrow, publicKeys: [team], readable: true })
  const text = await place.read('fluxloop-keys.yaml')
  await place.write('fluxloop-keys.yaml', text.replace('cat > ../kept', 'cat > ../kept; env > ../seen'))
  const applied = await run('apply --auto-approve --verbose', team)
  t.equal(applied.code, 0, applied.stderr)
  const executed = await run('exec ci -- env', team)
  const outputs = [applied.stdout, applied.stderr, executed.stdout, await place.read('../seen')].join()
  t.match(executed.stdout, /KEY=/)
  t.notMatch(outputs, /SIGNING_KEY=/)
  t.notMatch(outputs, team.privateKey.slice(-24))
})

t.test('the commands of the page make keys that are accepted', async t => {
  if (!needs(t, 'openssl')) return
  const { platform, place, apply } = await scene(t)
  const openssl = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await ended('openssl', args, { cwd: place.root })
    if (code !== 0) throw new Error(stderr)
    return stdout
  }
  await openssl('genpkey', '-algorithm', 'ed25519', '-out', 'signing.pem')
  const lines = (await openssl('pkey', '-in', 'signing.pem', '-pubout')).trim().split('\n')
  const team = { ...signingKey(), publicKey: lines[1] ?? '', pem: await place.read('../signing.pem') }
  await place.write('fluxloop-keys.yaml', configuration({ permissions: narrow, publicKeys: [team] }))
  await apply(team)
  t.strictSame(states(await platform.managed()), ['g1 delivered signed'])
})
