// Every secret of these runs has a word in it that stands nowhere else: the stores hold it, and nothing else does.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { shortHash } from '../../src/model/hash.ts'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { type SessionBus, keyringPrograms, sessionBus } from '../support/session-bus.ts'
import { type Sighting, type Watch, watchProcesses } from '../support/watch-processes.ts'

/** Lower case and digits, as secrets are, and not to be found by chance. */
const sentinel = 'sentinel0q7x9zk3wv'

/** The sentinel as itself, in base64 wherever it begins, in hex, and in UTF-16. */
const disguises: readonly Buffer[] = [
  Buffer.from(sentinel),
  Buffer.from(Buffer.from(sentinel).toString('hex')),
  Buffer.from(sentinel, 'utf16le'),
  ...[0, 1, 2].flatMap(shift => {
    const whole = Buffer.from('x'.repeat(shift) + sentinel).toString('base64')
    const inner = whole.slice(shift === 0 ? 0 : 4, -4)
    return [Buffer.from(inner), Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_'))]
  }),
]

function holdsSentinel(content: Buffer | string): boolean {
  const bytes = Buffer.from(content)
  return disguises.some(disguise => bytes.includes(disguise))
}

/** The files below a folder that hold the sentinel, in any of its disguises. */
async function filesWithSentinel(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.filter(one => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if (holdsSentinel(path) || holdsSentinel(await readFile(path))) found.push(path.slice(folder.length + 1))
  }
  return found.sort()
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly bus: SessionBus
  /** Runs the program while its processes are watched, and looks for the sentinel wherever it must not be. */
  readonly run: (t: Test, stores: readonly string[], ...line: readonly string[]) => Promise<Ended>
  /** Goes over the environment of every run. */
  readonly env: Record<string, string>
  /** What was seen of the programs that ours started. */
  readonly helpers: Sighting[]
}

/** git ends too soon to be seen for certain, so it leaves what it was given in a file, which is searched as all files are. */
async function spyOnGit({ root }: Workplace): Promise<void> {
  await mkdir(join(root, 'bin'))
  const script = `#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ >>'${root}/git-was-given'
PATH=\${PATH#*:}
exec git "$@"
`
  await writeFile(join(root, 'bin/git'), script, { mode: 0o755 })
}

const configuration = `
version: 1
stack: secrets
defaults: { expires: 90d, rotate: { maxAge: 60d } }
limits: { rotate: 100% }
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    store:
      - keychain
      - age-file: { path: 'secrets/{key}.age', identity: identity.txt }
      - env-file: { path: agents.env, name: FLUXLOOP_API_KEY }
      # It keeps nothing, and leaves what it was given in a file, which is searched as all files are.
      - exec: { put: [sh, -c, 'cat >/dev/null; cat /proc/$$/cmdline /proc/$$/environ >>../store-was-given'] }
`

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  let made = 0
  const platform = await servedPlatform(t, {
    database: join(place.root, 'platform.db'),
    // What a masked key shows of it is another part.
    makeSecret: prefix =>
      `${prefix}${sentinel}${shortHash(String((made += 1)), 8)}${String(made).padStart(6, '0')}`,
  })
  // Slow enough that nothing passes unseen.
  platform.before = async () => {
    await new Promise(resolve => setTimeout(resolve, 30))
    return null
  }
  const bus = await sessionBus(t)
  await place.write('fluxloop-keys.yaml', configuration)
  await ended('age-keygen', ['-o', join(place.work, 'identity.txt')])
  const helpers: Sighting[] = []
  const more: Record<string, string> = {}
  await spyOnGit(place)

  async function run(t: Test, stores: readonly string[], ...line: readonly string[]): Promise<Ended> {
    const watches: Watch[] = []
    const copy = Buffer.from(platform.env.FLUXLOOP_API_KEY).toString('base64')
    const ending = await place.run(line, {
      env: {
        ...platform.env,
        ...bus.env,
        COPY: copy,
        PATH: `${place.root}/bin:${process.env['PATH'] ?? ''}`,
        ...more,
      },
      watch: child => watches.push(watchProcesses(child.pid ?? 0)),
    })
    const seen = (await Promise.all(watches.map(watch => watch.stop()))).flat()
    const ours = seen.filter(({ cmdline }) => cmdline.includes('start.cjs'))
    const others = seen.filter(
      ({ cmdline }) => !cmdline.includes('start.cjs') && !cmdline.startsWith('env\0'),
    )
    helpers.push(...others)
    const name = `${line.join(' ')}: `
    // Its value is overwritten when the program begins, which test/hostile/environment holds.
    t.ok(
      ours.some(({ environ }) => environ.includes('FLUXLOOP_API_KEY=')),
      `${name}the program was watched, and was given the caller's key`,
    )
    t.notOk(holdsSentinel(ending.stdout), `${name}not on standard output: ${ending.stdout}`)
    t.notOk(holdsSentinel(ending.stderr), `${name}not on standard error: ${ending.stderr}`)
    t.notOk(
      seen.some(({ cmdline }) => holdsSentinel(cmdline)),
      `${name}in no argument`,
    )
    // The caller's own key, and a copy of it, came in the environment of the program; it goes no further.
    t.notOk(
      others.some(({ environ }) => holdsSentinel(environ)),
      `${name}in the environment of no other program`,
    )
    for (const { environ } of ours) {
      const rest = environ.split('\0').filter(entry => !/^(FLUXLOOP_API_KEY|COPY)=/.test(entry))
      t.notOk(holdsSentinel(rest.join('\0')), `${name}nothing but the caller's key in its environment`)
    }
    t.strictSame(await filesWithSentinel(place.root), stores, `${name}in no file but its stores`)
    t.strictSame(await filesWithSentinel(bus.home), [], `${name}the keyring keeps it encrypted`)
    return ending
  }
  return { place, platform, bus, run, env: more, helpers }
}

const programs = [...keyringPrograms, 'age-keygen', 'git'] as const

t.test('finds the sentinel in every disguise that it looks for', async t => {
  const secret = `flux_ci_${sentinel}0123`
  for (const shift of ['', 'a', 'ab']) {
    t.ok(holdsSentinel(Buffer.from(shift + secret).toString('base64')))
    t.ok(holdsSentinel(Buffer.from(shift + secret).toString('base64url')))
  }
  t.ok(holdsSentinel(Buffer.from(secret).toString('hex')))
  t.ok(holdsSentinel(Buffer.from(secret, 'utf16le')))
  t.notOk(holdsSentinel('flux_ci_****...0q7x9'))
})

t.test('a secret is in its stores and nowhere else, while all goes well', async t => {
  if (!programs.every(program => needs(t, program))) return
  const { place, platform, bus, run, helpers } = await scene(t)
  // Only in a repository is git asked.
  await ended('git', ['init', '-q', place.work])
  const stores = ['work/agents.env']
  await run(t, [], 'plan', '--verbose')
  t.match(await run(t, stores, 'apply', '--auto-approve', '--verbose'), { code: 0 })
  t.ok(holdsSentinel(await bus.lookup('fluxloop', 'secrets/agents')), 'the keychain holds it')
  t.ok(
    helpers.some(({ cmdline }) => cmdline.includes('keychain-helper.js')),
    'the keychain helper was watched too',
  )
  t.match(await readFile(join(place.root, 'git-was-given'), 'latin1'), /git\0/, 'and so was git')
  t.match(
    await readFile(join(place.root, 'store-was-given'), 'latin1'),
    /PATH=/,
    'and the program of a store',
  )
  platform.now += 61 * day
  t.match(await run(t, stores, 'plan', '--json'), { code: 0, stdout: /"rotate"/ })
  t.match(await run(t, stores, 'apply', '--auto-approve', '--json', '--verbose'), { code: 0 })
  platform.now += 4 * day
  t.match(await run(t, stores, 'apply', '--auto-approve'), { code: 0, stdout: /1 revoked/ })
  t.match(await run(t, stores, 'plan'), { code: 0, stdout: /No changes/ })
})

t.test('a secret is in its stores and nowhere else, where an apply fails', async t => {
  if (!programs.every(program => needs(t, program))) return
  const { place, platform, bus, run } = await scene(t)
  const { before } = platform
  const env = join(place.work, 'agents.env')

  t.comment('a store that cannot take the secret any more, once it was made')
  platform.before = async request => {
    if (request.method === 'POST') await mkdir(env)
    return await before(request)
  }
  t.match(await run(t, [], 'apply', '--auto-approve', '--verbose'), { code: 1, stdout: /agents: .*failed/ })
  await rm(env, { recursive: true })

  t.comment('a platform that repeats what it was sent')
  platform.before = async request => {
    const authorization = request.headers.get('authorization') ?? ''
    const detail = `You sent ${authorization} and ${await request.clone().text()}`
    return request.method === 'PATCH' ? Response.json({ detail, code: detail }, { status: 400 }) : null
  }
  const refused = await run(t, ['work/agents.env'], 'apply', '--auto-approve', '--verbose')
  t.not(refused.code, 0)

  platform.before = before
  t.match(await run(t, ['work/agents.env'], 'apply', '--auto-approve'), { code: 0 })

  t.comment('a keychain that is locked')
  await bus.lock()
  platform.now += 61 * day
  for (const format of [[], ['--json']]) {
    const locked = await run(t, ['work/agents.env'], 'apply', '--auto-approve', '--verbose', ...format)
    t.match(locked, { code: 1, stdout: /The keychain is locked/ })
  }
})

t.test('a secret is in its stores and nowhere else, with every debugging output switched on', async t => {
  if (!programs.every(program => needs(t, program))) return
  const { platform, run, env } = await scene(t)
  Object.assign(env, { DEBUG: '*', NODE_DEBUG: '*' })
  const stores = ['work/agents.env']
  const planned = await run(t, [], 'plan', '--verbose', '--out', 'night.plan')
  t.equal(planned.code, 0)
  t.match(planned.stderr, /NET \d+/, 'it is switched on')
  t.match(await run(t, stores, 'apply', 'night.plan', '--verbose', '--log', 'keys.log'), { code: 0 })
  t.match(await run(t, stores, 'verify', '--verbose'), { code: 0 })
  platform.now += 61 * day
  platform.before = async request => (request.method === 'POST' ? new Response('no', { status: 400 }) : null)
  t.notMatch(await run(t, stores, 'apply', '--auto-approve', '--verbose', '--log', 'keys.log'), { code: 0 })
})
