// Where local stores are: another host, another checkout, a container that was made anew.
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'
import { type Stage, stage } from '../support/stage.ts'

const configuration = (store: string, more = '') => `
version: 1
stack: placed
defaults: { expires: never, rotate: { maxAge: 60d, quiet: 1h, grace: 1h } }
keys:
  app: { name: App, scope: all, permissions: [read_scenarios], store: ${store} }${more}
`
const envFile = '{ env-file: { path: .env, name: KEY } }'

interface Scene {
  readonly platform: Stage
  /** A command line in a folder below the test's, on a machine of that name. */
  readonly at: (folder: string, host: string) => (line: string) => ReturnType<Stage['run']>
  readonly copy: (from: string, to: string, ...files: readonly string[]) => Promise<void>
}

/** The folder `one` has the configuration, applied on the machine `aaaaaaaa`. */
async function scene(t: Test, text = configuration(envFile)): Promise<Scene> {
  const platform = stage(t, {})
  await mkdir(join(platform.folder, 'one'))
  await platform.write('one/fluxloop-keys.yaml', text)
  const at = (folder: string, host: string) => (line: string) =>
    platform.run(line, { cwd: join(platform.folder, folder), with: { host: () => host } })
  t.equal((await at('one', 'aaaaaaaa')('apply --auto-approve')).code, 0)
  return {
    platform,
    at,
    copy: async (from, to, ...files) => {
      await mkdir(join(platform.folder, to), { recursive: true })
      for (const file of files) await cp(join(platform.folder, from, file), join(platform.folder, to, file))
    },
  }
}

type Run = ReturnType<Scene['at']>

async function planned(run: Run, flags = ''): Promise<PlanJson> {
  return JSON.parse((await run(`plan --json${flags}`)).out()) as PlanJson
}

const actions = ({ changes }: PlanJson) => changes.map(({ key, action }) => `${action} ${key}`)
const owners = ({ secrets }: PlanJson) => secrets.map(({ owner }) => owner)
const secretIn = async (platform: Stage, path: string) => /flux_\w+/.exec(await platform.read(path))?.[0]

t.test('knows a container that was made anew by the secret on its volume, and rotates there', async t => {
  const { platform, at } = await scene(t)
  const anew = at('one', 'bbbbbbbb')
  t.strictSame(owners(await planned(anew)), ['here'])
  platform.now += 61 * day
  t.strictSame(actions(await planned(anew)), ['rotate app'])
  const before = await secretIn(platform, 'one/.env')
  t.equal((await anew('apply --auto-approve')).code, 0)
  t.not(await secretIn(platform, 'one/.env'), before)
  t.strictSame(
    owners(await planned(at('one', 'aaaaaaaa'))),
    ['here'],
    'the name it had before serves as well',
  )
})

t.test('never ends with 0 where a key is due and its stores are elsewhere, and says what to do', async t => {
  const { platform, at } = await scene(t)
  await rm(join(platform.folder, 'one/.env'))
  const anew = at('one', 'bbbbbbbb')
  const quiet = await anew('plan --detailed-exitcode')
  t.equal(quiet.code, 0, 'nothing is due')
  t.match(quiet.out(), /app belongs to another host or folder.*--take-over/s)
  platform.now += 61 * day
  const due = await anew('plan --detailed-exitcode')
  t.equal(due.code, 2)
  t.match(
    due.out(),
    /app .*was delivered on another host or in another folder.*not rotated from here.*Run apply there.*--take-over/s,
  )
  t.match(due.out(), /Nothing can be changed from here\. 1 key has a change pending elsewhere\.$/m)
  t.notMatch(due.out(), 'No changes')
  const applied = await anew('apply --auto-approve')
  t.equal(applied.code, 6, 'apply did nothing of what is due')
  const taken = await anew('apply --auto-approve --take-over')
  t.equal(taken.code, 0, taken.err() + taken.out())
  t.ok(await secretIn(platform, 'one/.env'))
  t.strictSame([actions(await planned(anew)), owners(await planned(anew))], [[], ['here']])
})

t.test('ends with 7 where it does something, and something else is due elsewhere', async t => {
  const more =
    '\n  fresh: { name: Fresh, scope: all, permissions: [read_scenarios], store: { env-file: { path: .env, name: FRESH } } }'
  const { platform, at } = await scene(t)
  await rm(join(platform.folder, 'one/.env'))
  await platform.write('one/fluxloop-keys.yaml', configuration(envFile, more))
  platform.now += 61 * day
  const { code, out } = await at('one', 'bbbbbbbb')('apply --auto-approve')
  t.equal(code, 7)
  t.match(out(), /^1 key has a change pending elsewhere\.\nPlan: 1 to create/m)
})

t.test('takes a second checkout on the same machine for another place', async t => {
  const { platform, at, copy } = await scene(t)
  await copy('one', 'two', 'fluxloop-keys.yaml')
  const [one, two] = [at('one', 'aaaaaaaa'), at('two', 'aaaaaaaa')]
  const second = await two('plan')
  t.match(second.out(), /app belongs to another host or folder/)
  t.strictSame(owners(await planned(two)), ['another-host'])
  const verified = await two('verify')
  t.match(verified.out(), /not checked +app in .*: it was delivered on another host or in another folder/)

  platform.now += 61 * day
  t.strictSame(actions(await planned(two)), [], 'a rotation here would end the consumers of the first')
  t.equal((await two('plan --detailed-exitcode')).code, 2)
  t.strictSame(actions(await planned(one)), ['rotate app'])
  t.equal((await one('apply --auto-approve')).code, 0)

  t.equal((await two('apply --auto-approve --take-over')).code, 0)
  t.ok(await secretIn(platform, 'two/.env'), 'moved here, though it is not due')
  t.strictSame(owners(await planned(two)), ['here'])
  t.strictSame(owners(await planned(one)), ['another-host'])
  const [, older] = [await secretIn(platform, 'two/.env'), await secretIn(platform, 'one/.env')]
  t.ok(
    (await platform.live()).some(({ maskedKey }) => maskedKey.endsWith(older?.slice(-5) ?? '')),
    'in grace',
  )
})

t.test(
  'takes a checkout that holds the current secret for its place, and one with an older secret not',
  async t => {
    const { platform, at, copy } = await scene(t)
    await copy('one', 'copied', 'fluxloop-keys.yaml', '.env')
    const [one, copied] = [at('one', 'aaaaaaaa'), at('copied', 'cccccccc')]
    t.strictSame(owners(await planned(copied)), ['here'])
    platform.now += 61 * day
    t.equal((await one('apply --auto-approve')).code, 0)
    t.strictSame(owners(await planned(copied)), ['another-host'], 'what it holds is the predecessor')
  },
)

t.test('reads no store for a plan unless that can change it, and runs no program', async t => {
  const exec = '{ exec: { put: ["false"], get: ["false"], remove: ["false"], local: true } }'
  const { platform, at } = await scene(t)
  const noStores = { with: { stores: async () => Promise.reject(new Error('no store may be read')) } }
  const here = { cwd: join(platform.folder, 'one'), with: { ...noStores.with, host: () => 'aaaaaaaa' } }
  t.equal((await platform.run('plan', here)).code, 0)
  t.strictSame((await platform.run('plan', here)).requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
  const anew = await at('one', 'bbbbbbbb')('plan')
  t.strictSame(anew.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'], 'evidence costs no request')
  await platform.write('one/fluxloop-keys.yaml', configuration(`[${envFile}, ${exec}]`))
  const plan = await planned(at('one', 'bbbbbbbb'))
  t.match(plan.changes, [{ action: 'deliver', reasons: [{ code: 'store-added' }] }], 'the env file proves it')
})

t.test('keeps its place when its file gets another name, or it gets one more store', async t => {
  const { platform, at } = await scene(t)
  const one = at('one', 'aaaaaaaa')
  const renamed = '{ env-file: { path: app.env, name: KEY } }'
  const more = `[${envFile}, { env-file: { path: deep/more.env, name: KEY } }]`
  for (const store of [renamed, more]) {
    await platform.write('one/fluxloop-keys.yaml', configuration(store))
    t.strictSame(actions(await planned(one)), ['deliver app'], store)
  }
  t.equal((await one('apply --auto-approve')).code, 0)
  t.equal(await secretIn(platform, 'one/deep/more.env'), await secretIn(platform, 'one/.env'))
  t.strictSame(actions(await planned(one)), [])
})

t.test('does not take a damaged store for evidence, nor fail for it', async t => {
  const { platform, at } = await scene(t)
  await rm(join(platform.folder, 'one/.env'))
  await mkdir(join(platform.folder, 'one/.env'))
  const anew = await at('one', 'bbbbbbbb')('plan')
  t.equal(anew.code, 0, anew.err())
  t.strictSame(owners(await planned(at('one', 'bbbbbbbb'))), ['another-host'])
})

t.test('delivers a key that is regenerated by hand only where its stores are', async t => {
  const { platform, at, copy } = await scene(t)
  await copy('one', 'two', 'fluxloop-keys.yaml')
  const before = await secretIn(platform, 'one/.env')
  const elsewhere = await at('two', 'aaaaaaaa')('apikeys regenerate App --force')
  t.match(elsewhere.err(), /Its stores are on another host or in another folder/)
  t.equal(await secretIn(platform, 'one/.env'), before)
  await at('one', 'aaaaaaaa')('apply --auto-approve')
  const anew = await at('one', 'bbbbbbbb')('apikeys regenerate App --force')
  t.equal(anew.code, 0, anew.err())
  t.not(await secretIn(platform, 'one/.env'), before)
  t.strictSame(owners(await planned(at('one', 'bbbbbbbb'))), ['here'])
})
