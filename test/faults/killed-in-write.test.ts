// Killed between writing a temporary file and renaming it: readers of the store see what was there before, whole, the temporary
// file is its owner's alone and nothing that git would take, and the next apply takes it away, also where no store of it is
// declared any more.
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { recordedSecrets } from '../support/recorded-secrets.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { execute } from './support/store-scene.ts'

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  /** Every secret that the platform made. */
  readonly issued: readonly string[]
  /** What `git add --all` would take. */
  readonly added: () => Promise<string>
  /** Killed at its nth rename, where it comes by that many. */
  readonly apply: (killedAt?: number) => Promise<Ended>
}

const stores = ['agents.env', 'sealed.age']

const places = {
  envFile: 'env-file: { path: agents.env, name: FLUXLOOP_API_KEY }',
  ageFile: 'age-file: { path: sealed.age, identity: identity.txt }',
}

const declaration = (stores: readonly (keyof typeof places)[]) => `version: 1
stack: writes
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    rotate: { maxAge: 60d, grace: 48h }
    store:
${stores.map(store => `      - ${places[store]}\n`).join('')}`

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const { issued, makeSecret } = recordedSecrets()
  const platform = await servedPlatform(t, { makeSecret })
  await execute('age-keygen', ['-o', join(place.work, 'identity.txt')])
  const git = async (...args: readonly string[]) =>
    (await execute('git', ['-C', place.work, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])).stdout
  await place.write('fluxloop-keys.yaml', declaration(['envFile', 'ageFile']))
  await place.write('.gitignore', '/agents.env\nidentity.txt\n')
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-q', '-m', 'Declare a key')
  return {
    place,
    platform,
    issued,
    added: () => git('add', '--all', '--dry-run'),
    apply: killedAt =>
      place.run(['apply', '--auto-approve'], {
        env: { ...platform.env, ...(killedAt !== undefined && { KILL_AT_RENAME: String(killedAt) }) },
        loaded: killedAt === undefined ? [] : ['killed-at-rename.mjs'],
      }),
  }
}

async function filesOf({ root }: Workplace): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

const isTemporary = (path: string) => path.includes('.fluxloop-keys.tmp')

async function temporaryFiles(place: Workplace): Promise<readonly string[]> {
  return (await filesOf(place)).filter(path => isTemporary(path) && !path.endsWith('.gitignore'))
}

async function secretsInFiles({ place, issued }: Scene): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of await filesOf(place)) {
    const text = await readFile(path, 'latin1')
    if (issued.some(secret => text.includes(secret))) found.push(path)
  }
  return found
}

/** What the env file and the age file hold: the ids of live keys. */
async function holders({ place, platform }: Scene): Promise<readonly (string | null)[]> {
  const line = await place.read('agents.env').catch(() => '')
  const { stdout: sealed } = await execute('age', [
    ...['-d', '-i', join(place.work, 'identity.txt')],
    join(place.work, 'sealed.age'),
  ]).catch(() => ({ stdout: '' }))
  const secrets = [/flux_\w+/.exec(line)?.[0] ?? '', sealed.trim()]
  return await Promise.all(secrets.map(secret => platform.holder(secret)))
}

async function requireWhole(t: Test, own: Scene): Promise<string> {
  const { place, platform } = own
  const healed = await own.apply()
  t.equal(healed.code, 0, healed.stdout + healed.stderr)
  const newest = [...(await platform.managed())].sort((a, b) => b.createdAt - a.createdAt)[0]
  const id = newest?.id ?? 'none'
  t.strictSame(await holders(own), [id, id], 'both stores hold the current secret')
  t.strictSame(await temporaryFiles(place), [], 'no temporary file is left')
  t.strictSame(await secretsInFiles(own), [join(place.work, 'agents.env')], 'no other file holds a secret')
  t.match(await place.run(['plan', '--detailed-exitcode'], { env: platform.env }), { code: 0 })
  return id
}

t.test(
  'a kill in the middle of a write leaves the old content, and its rest is gone with the next apply',
  async t => {
    if (!['age', 'age-keygen'].every(program => needs(t, program))) return
    for (const store of stores.keys()) {
      const own = await scene(t)
      const { place, platform } = own
      const kill = async (before: readonly (string | null)[]) => {
        const killed = await own.apply(store + 1)
        t.equal(killed.signal, 'SIGKILL', killed.stdout + killed.stderr)
        const [temporary = '', ...more] = await temporaryFiles(place)
        t.strictSame(more, [])
        const name = stores[store] ?? ''
        t.equal(dirname(temporary), join(place.work, `.${name}.fluxloop-keys.tmp`))
        t.match(basename(temporary), /^[0-9a-f]{24}$/)
        t.notMatch(await own.added(), 'tmp', 'git would take none of it')
        t.equal((await stat(temporary)).mode & 0o777, 0o600)
        t.equal((await holders(own))[store], before[store], 'a reader sees what was there before')
        const holding = (await secretsInFiles(own)).filter(isTemporary)
        t.strictSame(holding, store === 0 ? [temporary] : [], 'of these only the env file is not encrypted')
      }
      await kill([null, null])
      if (store === 0) {
        await place.write('fluxloop-keys.yaml', declaration(['ageFile']))
        t.match(await own.apply(), { code: 0 }, 'without the store that it was killed in')
        t.strictSame(await temporaryFiles(place), [])
        t.strictSame(await secretsInFiles(own), [], 'nothing is left in the clear')
        await place.write('fluxloop-keys.yaml', declaration(['envFile', 'ageFile']))
      }
      const first = await requireWhole(t, own)
      platform.now += 61 * day
      await kill([first, first])
      t.not(await requireWhole(t, own), first, 'it was rotated')
    }
  },
)
