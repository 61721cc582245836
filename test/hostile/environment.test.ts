// What a program that we start can read of the caller's key: it looks at /proc of all its ancestors that are our program.
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const linux = process.platform === 'linux'

/** Appends the environment of every ancestor whose script or first argument is the given one, then does what a store does with its file. */
const spy = `
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const [ours, seen, verb, file] = process.argv.slice(2)
const parentOf = pid => Number(readFileSync('/proc/' + pid + '/stat', 'utf8').replace(/^.*\\) /s, '').split(' ')[1])
for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
  if (!readFileSync('/proc/' + pid + '/cmdline', 'utf8').split('\\0')[1]?.endsWith(ours)) continue
  appendFileSync(seen, JSON.stringify([verb, readFileSync('/proc/' + pid + '/environ', 'latin1')]) + '\\n')
}
appendFileSync(seen, JSON.stringify([verb + ' own', JSON.stringify(process.env)]) + '\\n')
if (verb === 'put') writeFileSync(file, readFileSync(0))
if (verb === 'get' && existsSync(file)) process.stdout.write(readFileSync(file))
if (verb === 'remove') rmSync(file, { force: true })
`

const databaseUrl = 'postgresql://fleet:hSNuYvDYFs9@db.acme.example/fleet'

/** No database is there. */
const apply = ['apply', '--auto-approve', '--without-fleet']

interface Sight {
  readonly verb: string
  readonly environment: string
}

async function scene(t: Test) {
  const platform = await servedPlatform(t)
  const key = platform.administrator.reveal()
  const place = await workplace(t, {
    BEFORE: 'a first value, with = in it, and ü',
    FLUXLOOP_API_URL: platform.url,
    FLUXLOOP_API_KEY: key,
    FLUXLOOP_SYNC_API_KEY: key,
    DEPLOY_CREDENTIAL: `token:${key}`,
    ENCODED: Buffer.from(key).toString('base64'),
    FLUXLOOP_KEYS_SIGNING_KEY_ACME: 'a private key that signs markers',
    FLUXLOOP_KEYS_DATABASE_URL: databaseUrl,
    DATABASE_URL: databaseUrl,
    EMPTY: '',
    STORE_TOKEN: 'a-token-of-the-store',
    AFTER: 'a last value',
  })
  const script = join(place.root, 'spy.cjs')
  const seen = join(place.root, 'seen.jsonl')
  await writeFile(script, spy)
  await chmod(script, 0o600)
  const program = (verb: string, ours = 'start.cjs') =>
    JSON.stringify([process.execPath, script, ours, seen, verb, join(place.work, 'secret')])
  await place.write(
    'fluxloop-keys.yaml',
    `version: 1
stack: acme
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { exec: { put: ${program('put')}, get: ${program('get')}, remove: ${program('remove')} } }
`,
  )
  const sights = async (): Promise<readonly Sight[]> => {
    const lines = (await readFile(seen, 'utf8').catch(() => '')).trim().split('\n')
    return lines.filter(Boolean).map(line => {
      const [verb, environment] = JSON.parse(line) as [string, string]
      return { verb, environment }
    })
  }
  // What a program was started with is the process's own.
  const run: Workplace['run'] = (args, options = {}) => place.run(args, { ...options, apart: true })
  return { platform, place: { ...place, run }, key, script, seen, sights }
}

const latin = (text: string) => Buffer.from(text).toString('latin1')

function forms(key: string): readonly string[] {
  return [key, Buffer.from(key).toString('base64')]
}

t.test('no program of a store finds the key of the caller in the environment of ours', async t => {
  if (!linux) return
  const { place, key, sights } = await scene(t)
  for (const line of [apply.join(' '), 'verify', 'rotate agents --auto-approve --without-fleet', 'doctor'])
    await place.run(line.split(' '))
  const seen = await sights()
  for (const verb of ['put', 'get', 'put own', 'get own'])
    t.ok(
      seen.some(sight => sight.verb === verb),
      `it looked during ${verb}`,
    )
  for (const { verb, environment } of seen) {
    for (const form of forms(key)) t.notOk(environment.includes(form), `the key is not seen by ${verb}`)
    t.notOk(environment.includes('hSNuYvDYFs9'), `nor is the password of the database by ${verb}`)
  }
})

t.test('the program that exec runs does not find it either', async t => {
  if (!linux) return
  const { place, key, script, seen, sights } = await scene(t)
  await place.run(apply)
  const before = (await sights()).length
  const spying = [process.execPath, script, 'start.cjs', seen, 'exec', 'none']
  t.match(await place.run(['exec', 'agents', '--env', 'DELIVERED', '--', ...spying]), { code: 0 })
  const after = (await sights()).slice(before).filter(({ verb }) => verb.startsWith('exec'))
  t.strictSame(
    after.map(({ verb }) => verb),
    ['exec', 'exec own'],
  )
  for (const { environment } of after) for (const form of forms(key)) t.notOk(environment.includes(form))
})

t.test('the spy sees the key of a program that does nothing about it', async t => {
  if (!linux) return
  const { place, key, script, seen, sights } = await scene(t)
  const other = `require('node:child_process').spawnSync(process.execPath, ${JSON.stringify([script, '-e', seen, 'control', 'none'])})`
  await ended('env', ['-u', 'NODE_OPTIONS', process.execPath, '-e', other], {
    cwd: place.work,
    env: place.env,
  })
  t.ok((await sights()).some(({ verb, environment }) => verb === 'control' && environment.includes(key)))
})

t.test('changes nothing of the environment but the values with the key, and keeps their length', async t => {
  if (!linux) return
  const { place, sights } = await scene(t)
  t.match(await place.run(apply), { code: 0 })
  const [sight] = (await sights()).filter(({ verb }) => verb === 'put')
  const erased = [
    'FLUXLOOP_API_KEY',
    'FLUXLOOP_SYNC_API_KEY',
    'DEPLOY_CREDENTIAL',
    'ENCODED',
    'FLUXLOOP_KEYS_SIGNING_KEY_ACME',
    'FLUXLOOP_KEYS_DATABASE_URL',
    'DATABASE_URL',
  ]
  const expected = Object.entries(place.env).map(([name, value = '']) =>
    latin(`${name}=${erased.includes(name) ? '\0'.repeat(value.length) : value}\0`),
  )
  for (const entry of expected) t.ok(sight?.environment.includes(entry), entry.slice(0, 30))
  const rest = expected.reduce((left, entry) => left.replace(entry, ''), sight?.environment ?? '')
  const others = rest.split('\0').filter(entry => !/^_?TAP/.test(entry))
  t.strictSame(others, [''], 'nothing else is there, but what tap gives to every process')
  const [own] = (await sights()).filter(({ verb }) => verb === 'put own')
  const given = JSON.parse(own?.environment ?? '{}') as Record<string, string>
  t.match(
    given,
    { STORE_TOKEN: 'a-token-of-the-store', AFTER: 'a last value' },
    'what the store needs is there',
  )
  for (const name of erased) t.notOk(name in given, name)
})

/** Runs the program where there is no /proc, in a mount namespace of its own. */
async function withoutProc(place: Workplace, args: readonly string[]) {
  const shell = 'mount -t tmpfs none /proc && exec "$@"'
  return await ended('unshare', ['--mount', 'sh', '-c', shell, 'sh', ...asUsersDo, ...args], {
    cwd: place.work,
    env: place.env,
  })
}

t.test('goes on where there is no /proc', async t => {
  if (!linux || process.getuid?.() !== 0 || !needs(t, 'unshare')) return
  const { place } = await scene(t)
  const trial = await ended('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /proc'])
  if (trial.code !== 0) {
    t.pass('skipped: this container may mount nothing', { skip: 'this container may mount nothing' })
    return
  }
  t.match(await withoutProc(place, ['auth', 'whoami']), { code: 0, stdout: /Account: +sandbox/ })
})
