// What the writing commands do to keys that a stack owns, and where secrets go that no screen shows.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { day, hour, minute } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import { testContext } from '../support/context.ts'
import { type Stage, stage } from '../support/stage.ts'

const configuration = `version: 1
stack: acme-agents
keys:
  ci-pipeline:
    name: CI/CD Pipeline
    environment: ci
    scope: all
    permissions: [read_scenarios, upload_results]
    expires: 90d
    store:
      - env-file: { path: ci.env, name: FLUXLOOP_API_KEY }
      - env-file: { path: copy.env, name: CI_KEY }
`
const files = { 'fluxloop-keys.yaml': configuration }

async function applied(scene: Stage): Promise<LiveKey> {
  await scene.succeed('apply --auto-approve')
  const live = (await scene.live()).find(({ name }) => name === 'CI/CD Pipeline')
  if (live === undefined) throw new Error('nothing was applied')
  return live
}

/** The secret of a dotenv file with one variable. */
async function stored(scene: Stage, path: string): Promise<Secret> {
  return new Secret(((await scene.read(path)).split('=')[1] ?? '').trim())
}

async function holder(scene: Stage, secret: Secret): Promise<string | null> {
  return await scene.client.whoamiAs(secret, { maskedKey: `****...${secret.end(5)}` }).then(
    identity => identity?.key?.id ?? null,
    () => null,
  )
}

t.test(
  'regenerate delivers to the stores of a managed key, so that the next plan finds nothing to do',
  async t => {
    const scene = stage(t, files)
    const live = await applied(scene)
    const former = await stored(scene, 'ci.env')
    const { out, err } = await scene.succeed('apikeys regenerate ci-pipeline --force')
    t.match(
      err(),
      /⚠️ Managed: this key belongs to acme-agents\/ci-pipeline\nIts new secret goes straight into env-file /,
    )
    t.match(
      out(),
      /✅ API key regenerated successfully\n\nThe secret is in:\n {2}• env-file .*ci\.env \(FLUXLOOP_API_KEY\)/,
    )
    for (const path of ['ci.env', 'copy.env'])
      t.equal(await holder(scene, await stored(scene, path)), live.id)
    t.equal(await holder(scene, former), null)
    const secret = await stored(scene, 'ci.env')
    t.notMatch(out() + err(), secret.reveal())
    t.match((await scene.succeed('plan')).out(), /No changes\./)
  },
)

t.test(
  'a regeneration is marked by the clock of the platform, however wrong that of the machine is',
  async t => {
    for (const off of [-day, day]) {
      const scene = stage(t, files)
      const { id } = await applied(scene)
      scene.now += hour
      await scene.succeed('apikeys regenerate ci-pipeline --force', { now: scene.now + off })
      const live = (await scene.live()).find(key => key.id === id)
      const state = live?.ownership.kind === 'managed' ? live.ownership.marker.state : null
      if (state?.kind !== 'delivered') return t.fail('the key is delivered')
      t.ok(Math.abs(state.at - scene.now) < minute, `${state.at - scene.now} ms off`)
      t.match((await scene.succeed('plan')).out(), /No changes\./)
    }
  },
)

t.test('a store that cannot take the secret stops regenerate before the old one is dead', async t => {
  const scene = stage(t, files)
  const live = await applied(scene)
  chmodSync(join(scene.folder, 'copy.env'), 0o644)
  const refused = await scene.run('apikeys regenerate ci-pipeline --force')
  t.equal(refused.code, 6)
  t.match(refused.err(), /copy\.env may be opened by other users/)
  t.equal(await holder(scene, await stored(scene, 'ci.env')), live.id)
})

t.test('a store that fails after all leaves the new secret on the screen', async t => {
  const scene = stage(t, files)
  const live = await applied(scene)
  const real = await import('../../src/stores/open.ts')
  const opened = real.createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
  t.teardown(() => opened.close())
  const spoil = async () => ({
    ...opened,
    open: (spec: Parameters<typeof opened.open>[0]) => {
      // The folder of the second file goes away once the first is written.
      if (spec.kind === 'env-file' && spec.name === 'CI_KEY') chmodSync(join(scene.folder, 'copy.env'), 0o644)
      return opened.open(spec)
    },
    probe: async () => new Map(),
  })
  const partly = await scene.run('apikeys regenerate ci-pipeline --force', {
    terminal: true,
    with: { stores: spoil },
  })
  t.equal(partly.code, 7, partly.err())
  t.match(partly.err(), /was regenerated, and its new secret is in env-file .*ci\.env/)
  const printed = /flux_ci_\w{32}/.exec(partly.out())?.[0] ?? ''
  t.equal(await holder(scene, new Secret(printed)), live.id)
  t.match((await scene.succeed('plan')).out(), /will be delivered again/, 'and the next plan mends it')
})

t.test('a secret that a store took is not lost where nobody reads what is printed', async t => {
  const scene = stage(t, files)
  const live = await applied(scene)
  const printOnce = async () => {
    throw new Failure('failed', 'Cannot write the output: write EPIPE')
  }
  const stdout = { ...testContext().stdout, printOnce }
  const unread = await scene.run('apikeys regenerate ci-pipeline --force --quiet', { with: { stdout } })
  t.equal(unread.code, 1)
  t.match(
    unread.err(),
    /was regenerated, and its new secret is in env-file [^]*,\s+but:\s+Cannot\s+write\s+the\s+output/,
  )
  t.notMatch(unread.err(), /was printed|Run:/)
  t.equal(await holder(scene, await stored(scene, 'ci.env')), live.id)
})

t.test('without the configuration at hand, regenerate says that the stores will be stale', async t => {
  const scene = stage(t, files)
  await applied(scene)
  const cwd = join(scene.folder, 'elsewhere')
  mkdirSync(cwd)
  const { out, err } = await scene.succeed('apikeys regenerate acme-agents/ci-pipeline --force', {
    cwd,
    terminal: true,
  })
  t.match(
    err(),
    /Nobody delivers its new secret from here, where the configuration of acme-agents is not at hand\./,
  )
  t.match(err(), /Its stores will hold a dead secret/)
  t.match(out(), /Save this key now!/)
  t.match((await scene.succeed('plan')).out(), /1 to (rotate|deliver)/)
  writeFileSync(join(cwd, 'fluxloop-keys.yaml'), 'version: 2\n')
  const broken = await scene.run('apikeys regenerate acme-agents/ci-pipeline', { cwd })
  t.match(broken.err(), /The configuration here has errors: fluxloop-keys validate shows them\./)
  const named = await scene.succeed('apikeys regenerate ci-pipeline --force -c ../fluxloop-keys.yaml', {
    cwd,
  })
  t.match(named.out(), /The secret is in:/)
})

t.test('stores on another host are left alone', async t => {
  const scene = stage(t, files)
  await applied(scene)
  const before = 'FLUXLOOP_API_KEY=flux_ci_what_was_there_before\n'
  await scene.write('ci.env', before)
  const host = () => 'ffff9999'
  const { out, err } = await scene.succeed('apikeys regenerate ci-pipeline --force', {
    terminal: true,
    with: { host },
  })
  t.match(err(), /Its stores are on another host/)
  t.match(out(), /Save this key now!/)
  t.equal(await scene.read('ci.env'), before)
})

t.test(
  'update and delete of a managed key say what the next plan makes of it, and where to edit instead',
  async t => {
    const scene = stage(t, files)
    const live = await applied(scene)
    const renamed = await scene.succeed('apikeys update ci-pipeline --name Renamed')
    t.match(renamed.err(), /The next plan will set it back\. Edit fluxloop-keys\.yaml:4 instead, and apply\./)
    const described = await scene.succeed('apikeys update ci-pipeline --description By-hand')
    t.equal(described.code, 0)
    const now = (await scene.live()).find(({ id }) => id === live.id)
    t.strictSame(now?.ownership, live.ownership, 'the marker stays')
    t.match((await scene.succeed('plan')).out(), /1 to update/)

    const deleted = await scene.succeed('apikeys delete ci-pipeline --force')
    t.match(deleted.err(), /It is declared in fluxloop-keys\.yaml:4: the next plan will create it again/)
    t.match((await scene.succeed('plan')).out(), /1 to create/)
  },
)

t.test('a description that leaves no room for the marker is refused', async t => {
  const scene = stage(t, files)
  await applied(scene)
  const long = await scene.run(`apikeys update ci-pipeline --description ${'x'.repeat(450)}`)
  t.equal(long.code, 2)
  t.match(long.err(), /too long by \d+ characters, next to the key's marker/)
})

t.test('create delivers to the stores of --store, and shows no secret', async t => {
  const scene = stage(t, {})
  const made = await scene.succeed(
    'apikeys create --name Nightly --store env-file:.env --store env-file:ci/.env:CI',
  )
  const secret = await stored(scene, '.env')
  t.match(made.out(), /The secret is in:\n.*\.env \(FLUXLOOP_API_KEY\)\n.*ci\/\.env \(CI\)\n\nKey details:/)
  t.notMatch(made.out(), secret.reveal())
  t.equal(await scene.read('ci/.env'), `CI=${secret.reveal()}\n`)
  t.ok(await holder(scene, secret))
})

t.test('create makes no key where a store cannot take its secret', async t => {
  const scene = stage(t, { '.env': 'A=1\n' })
  chmodSync(join(scene.folder, '.env'), 0o644)
  const before = (await scene.live()).length
  const refused = await scene.run('apikeys create --name Nightly --store env-file:.env')
  t.equal(refused.code, 6)
  t.notOk(refused.requests.includes('POST /api/api-keys'))
  t.equal((await scene.live()).length, before)
})

t.test('create revokes a key again that no store took, and keeps one that some store has', async t => {
  const scene = stage(t, {})
  const real = await import('../../src/stores/open.ts')
  const opened = real.createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
  t.teardown(() => opened.close())
  /** Whatever the probe says, this folder is none. */
  const blocked = join(scene.folder, 'blocked')
  writeFileSync(blocked, '')
  const stores = async () => ({ ...opened, probe: async () => new Map() })
  const before = (await scene.live()).length
  const none = await scene.run('apikeys create --name Nightly --store env-file:blocked/.env', {
    with: { stores },
  })
  t.not(none.code, 0)
  t.match(none.err(), /The new key key_\w+, which nobody received, was revoked again\./)
  t.equal((await scene.live()).length, before)

  const some = await scene.run(
    'apikeys create --name Nightly --store env-file:.env --store env-file:blocked/.env',
    {
      with: { stores },
    },
  )
  t.equal(some.code, 7)
  t.match(some.err(), /was created, but not every store took its secret[^]*Its secret is in env-file .*\.env/)
  const id = await holder(scene, await stored(scene, '.env'))
  t.ok(id !== null && some.err().includes(`apikeys delete ${id}`))
})
