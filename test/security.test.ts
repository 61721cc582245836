// What SECURITY.md says of the program as a whole; what it says of one part is tested with that part.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { credentialReaders } from '../src/runtime/credential-readers.ts'
import { readLog } from '../src/runtime/run-log.ts'
import { parseMarker, readDescription } from '../src/platform/marker-text.ts'
import { parseHttpDate, parseRetryAfter } from '../src/platform/http-date.ts'
import { plainText, withoutSecrets } from '../src/platform/plain-text.ts'
import { proxyFor } from '../src/platform/proxy.ts'
import { readRateLimit } from '../src/platform/rate-limit.ts'
import { isKeyId } from '../src/platform/reader.ts'
import { parseTime } from '../src/platform/wire-time.ts'
import { readError } from '../src/platform/wire-error.ts'
import { parseDate, parseDuration, parseWait } from '../src/model/duration.ts'
import { fitsGlob } from '../src/model/glob.ts'
import { visibleEnd } from '../src/model/live-key.ts'
import { closest } from '../src/model/suggest.ts'
import { escapeControls, redactSecrets } from '../src/render/text/escape.ts'
import type { Database } from '../src/sandbox/database.ts'
import { findKeyByHash } from '../src/sandbox/key-table.ts'
import { parseRateLimit } from '../src/sandbox/rate-limiter.ts'
import { secretHash } from '../src/sandbox/make-secret.ts'
import { findUserByHash } from '../src/sandbox/user-tokens.ts'
import { readVariable } from '../src/stores/dotenv.ts'
import { accountOf } from '../src/config/store-argument.ts'
import { Secret } from '../src/model/secret.ts'
import { needs } from './support/needs.ts'
import { type Workplace, ended, workplace } from './support/program.ts'
import { servedPlatform } from './support/served-platform.ts'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'dist/start.cjs')

interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly dev?: boolean
        readonly hasInstallScript?: boolean
        readonly integrity?: string
        readonly link?: boolean
      }
    >
  >
}

t.test('nothing that users install runs a script when it is installed', async t => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lockfile
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  t.ok(installed.length > 3, `${installed.length} packages`)
  t.strictSame(
    installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path),
    [],
  )
  const fetched = installed.filter(([path, { link }]) => path !== 'fleet' && link !== true)
  for (const [path, { integrity }] of fetched) t.match(integrity, /^sha512-/, path)
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  t.notOk('install' in scripts || 'postinstall' in scripts || 'preinstall' in scripts)
})

t.test(
  'writes no diagnostic report, whatever NODE_OPTIONS asks for: it would hold the environment',
  async t => {
    const place = await workplace(t)
    const options = '--report-on-signal --report-uncaught-exception --report-on-fatalerror'
    const env = { ...place.env, NODE_OPTIONS: `${options} --report-directory=${place.work}` }
    // The same options, and a program that does nothing about them.
    const begun: ChildProcess[] = [
      spawn(process.execPath, [program, 'sandbox', '--port', '0'], { cwd: place.work, env }),
      spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => undefined, 1000)'], {
        cwd: place.work,
        env,
      }),
    ]
    const reports = async () => (await readdir(place.work)).filter(name => name.startsWith('report.'))
    for (const [child, written] of [
      [begun[0], 0],
      [begun[1], 1],
    ] as const) {
      if (child?.stdout === null || child === undefined) throw new Error('no output')
      await once(child.stdout, 'data')
      child.kill('SIGUSR2')
      const ended = once(child, 'close')
      if (written === 1)
        while ((await reports()).length === 0) await new Promise(resolve => setTimeout(resolve, 20))
      child.kill('SIGKILL')
      await ended
      t.equal((await reports()).length, written)
    }
  },
)

/** What happens in the midst of the program, once it has begun; Node's option for a report of it, and what Node says of it. */
const ends = {
  'an error that nobody caught': {
    happens: "throw new Error('uncaught')",
    option: '--report-uncaught-exception',
    says: /uncaught/,
  },
  'memory that is used up': {
    happens: 'for (const all = []; ; ) all.push(new Array(1e6).fill(0))',
    option: '--report-on-fatalerror --max-old-space-size=64',
    says: /heap out of memory/,
  },
} as const

for (const [what, { happens, option, says }] of Object.entries(ends)) {
  t.test(`writes no diagnostic report of ${what}`, async t => {
    const place = await workplace(t)
    const preload = `process.on('SIGWINCH', () => { ${happens} })`
    const options = `${option} --report-directory=${place.work}`
    const env = {
      ...place.env,
      NODE_OPTIONS: `${options} --import=data:text/javascript,${encodeURIComponent(preload)}`,
    }
    const reports = async () => (await readdir(place.work)).filter(name => name.startsWith('report.'))
    for (const [args, written] of [
      [[program, 'sandbox', '--port', '0'], 0],
      [['-e', 'console.log(1); setInterval(() => undefined, 1000)'], 1],
    ] as const) {
      const child = spawn(process.execPath, args, { cwd: place.work, env })
      let said = ''
      child.stderr.on('data', data => (said += String(data)))
      await once(child.stdout, 'data')
      const ended = once(child, 'close')
      child.kill('SIGWINCH')
      await ended
      t.match(said, says)
      t.equal((await reports()).length, written)
    }
  })
}

t.test('switches on nothing that writes the memory of the program to a file', async t => {
  // Node's ways to do so; their names stand in no part of the program, its packages included.
  const ways = [
    'writeHeapSnapshot',
    'setHeapSnapshotNearHeapLimit',
    'writeReport',
    'getReport',
    'node:inspector',
  ]
  const files = (await readdir(join(root, 'dist'))).filter(name => /\.c?js$/.test(name))
  t.ok(files.length > 20, 'it is built')
  for (const name of files) {
    const text = await readFile(join(root, 'dist', name), 'utf8')
    t.strictSame(
      ways.filter(way => text.includes(way)),
      [],
      name,
    )
  }
})

t.test('says that it promises nothing of core dumps', async t => {
  t.match(
    await readFile(join(root, 'SECURITY.md'), 'utf8'),
    /## What is not promised[^]*Core dumps[^]*ulimit -c 0/,
  )
})

t.test('needs no folder for temporary files', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', oneKey)
  const nowhere = join(place.root, 'nowhere')
  const env = { ...platform.env, TMPDIR: nowhere, TMP: nowhere, TEMP: nowhere }
  t.match(await place.run(['apply', '--auto-approve'], { env }), { code: 0, stdout: /1 created/ })
})

const oneKey = `version: 1
stack: security
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: agents.env, name: FLUXLOOP_API_KEY } }
`

t.test('lets no project file choose the platform that somebody else may have planted', async t => {
  if (process.platform === 'win32') return
  const place = await workplace(t)
  await place.write('fluxloop-keys.yaml', oneKey)
  const file = join(place.root, '.fluxloop', 'project.json')
  await mkdir(join(place.root, '.fluxloop'))
  const plan = (run: Workplace['run']) =>
    run(['plan'], {
      env: {
        FLUXLOOP_API_KEY: 'flux_ci_sentinel',
        FLUXLOOP_API_URL: undefined,
        HTTPS_PROXY: 'http://127.0.0.1:1',
      },
    })
  await writeFile(file, '{ "api_url": "https://staging.api.fluxloop.ai" }')
  t.match(await plan((args, options) => place.run(args, options)), {
    code: 4,
    stderr: /Cannot reach the proxy http:\/\/127\.0\.0\.1:1/,
  })
  await chmod(file, 0o666)
  t.match(await plan((args, options) => place.run(args, options)), {
    code: 2,
    stderr: /project\.json\s+belongs\s+to\s+another\s+user/,
  })
  await rm(file)
  await execute('mkfifo', [file])
  t.match(await plan((args, options) => place.run(args, options)), {
    code: 2,
    stderr: /project\.json\s+is\s+not\s+a\s+regular/,
  })
  await rm(file)

  if (process.getuid?.() !== 0 || !needs(t, 'setpriv')) return
  // Another user, who may have no business where the clone lies.
  await cp(join(root, 'dist'), join(place.root, 'dist'), { recursive: true })
  await writeFile(file, '{ "api_url": "https://staging.api.fluxloop.ai" }')
  await execute('chmod', ['-R', 'a+rX', place.root])
  const asNobody: Workplace['run'] = (args, options = {}) => {
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', '-u', 'NODE_OPTIONS']
    const line = [...user, process.execPath, join(place.root, 'dist/start.cjs'), ...args]
    return ended('setpriv', line, { cwd: place.work, env: { ...place.env, ...options.env } })
  }
  t.match(await plan(asNobody), { code: 4, stderr: /Cannot reach the proxy/ }, 'root is trusted')
  await chown(file, 65533, 65533)
  t.match(await plan(asNobody), { code: 2, stderr: /project\.json\s+belongs\s+to\s+another\s+user/ })
})

t.test('runs as a number without a name, and asks for a home where there is none', async t => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !needs(t, 'setpriv')) return
  const { env } = await servedPlatform(t)
  const place = await workplace(t, env)
  await place.write(
    'fluxloop-keys.yaml',
    'version: 1\nstack: s\nkeys:\n  a: { name: a, scope: all, permissions: [read_results], expires: 90d, store: { env-file: { path: a.env, name: A } } }\n',
  )
  await cp(join(root, 'dist'), join(place.root, 'dist'), { recursive: true })
  await execute('chown', ['-R', '12345:12345', place.root])
  const apply = async (HOME: string | undefined) => {
    const user = ['--reuid', '12345', '--regid', '12345', '--clear-groups']
    // What tap loads into every Node process writes into our folder at its end, and this user may not.
    const line = [
      ...user,
      'env',
      '-u',
      'NODE_OPTIONS',
      process.execPath,
      join(place.root, 'dist/start.cjs'),
      'apply',
      '--auto-approve',
    ]
    return await ended('setpriv', line, { cwd: place.work, env: { ...place.env, HOME } })
  }
  t.match(await apply(undefined), { code: 1, stderr: /no home folder[^]*Set HOME/ })
  t.match(await apply(place.env['HOME']), { code: 0, stdout: /1 created/ })
})

t.test('waits for no pipe in the place of a file that it reads', async t => {
  if (process.platform === 'win32') return
  const home = join((await workplace(t)).root, 'home')
  const before = process.env['HOME']
  process.env['HOME'] = home
  t.teardown(() => void (process.env['HOME'] = before))
  await mkdir(join(home, '.fluxloop'))
  await execute('mkfifo', [join(home, '.fluxloop/credentials'), join(home, 'log')])
  const { homeFile } = credentialReaders({
    env: {},
    logins: () => Promise.reject(new Error('unused')),
    now: () => 0,
    tell: () => undefined,
  })
  await t.rejects(homeFile('.fluxloop/credentials'), {
    message: '~/.fluxloop/credentials is not a regular file',
  })
  t.equal(await homeFile('.fluxloop/auth.json'), null)
  await t.rejects(readLog(join(home, 'log')), { message: /log is not a regular file$/ })
})

t.test('compares secrets to the last character', async t => {
  const texts = ['', 'a', 'b', 'aa', 'ab', 'ba', 'a\0', 'é', 'flux_ci_a', 'flux_ci_b', 'flux_ci_ab']
  for (const one of texts)
    for (const other of texts) t.equal(new Secret(one).equals(new Secret(other)), one === other)
  t.match(await readFile(join(root, 'src/sandbox/make-secret.ts'), 'utf8'), /return [^\n]*timingSafeEqual\(/)
})

t.test('compares what the sandbox finds by a hash, whatever its index says', t => {
  const hash = secretHash('flux_ci_a')
  const answering = (secret_hash: string) =>
    ({ get: () => ({ id: 'x', account: 'x', secret_hash }) }) as unknown as Database
  for (const find of [findKeyByHash, findUserByHash]) {
    t.match(find(answering(hash), hash), { id: 'x' }, find.name)
    t.equal(find(answering(secretHash('flux_ci_b')), hash), undefined, find.name)
  }
  t.end()
})

const million = 1_000_000
/** One character over and over, or a few, with something at the end that does not fit. */
const long: readonly string[] = [
  ...[
    'a',
    ' ',
    '-',
    '/',
    '0',
    '9',
    '.',
    '*',
    '[',
    '[fk1 ',
    '\u001b[',
    '\u001b]',
    'flux_ci_',
    '\n',
    '\t #',
    '"',
    '%',
    ',',
  ].map(part => `${part.repeat(million / part.length)}!`),
  `x${' '.repeat(million)}x`,
  `KEY=${' '.repeat(million)}x`,
  `KEY='${'\\'.repeat(million)}`,
]

/** Everything that a server, a file or the environment can hand a text to. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  parseMarker,
  readDescription,
  parseTime,
  parseHttpDate,
  parseRetryAfter: text => parseRetryAfter(text, 0),
  readRateLimit: text => readRateLimit(() => text, 0),
  parseDuration,
  parseWait,
  parseDate,
  parseRateLimit,
  plainText: text => plainText(text, 300),
  wholePlainText: text => plainText(text, million),
  withoutSecrets,
  readError: text => readError({ detail: text, code: text, required: [text] }),
  isKeyId,
  visibleEnd,
  escapeControls,
  redactSecrets,
  accountOf,
  closest: text => closest(text, ['permissions', text]),
  fitsGlob: text => fitsGlob('key_*', text),
  globs: text => fitsGlob(text.slice(0, 1_000), 'key_abc123'.repeat(30)),
  proxies: text => attempt(() => proxyFor('https://api.fluxloop.ai', { HTTPS_PROXY: text, NO_PROXY: text })),
  dotenv: text => attempt(() => readVariable(text, 'KEY', 'a file')),
}

function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return null
  }
}

t.test('reads a megabyte of anything without coming to a stop', t => {
  for (const [name, read] of Object.entries(readers)) {
    for (const text of long) read(text)
    t.pass(name)
  }
  t.end()
})
