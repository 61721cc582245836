// What SECURITY.md says of the program as a whole; what it says of one part is tested with that part.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parseMarker, readDescription } from '../src/platform/marker.ts'
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
import { escapeControls, redactSecrets } from '../src/render/text.ts'
import { parseRateLimit } from '../src/sandbox/rate-limit.ts'
import { readVariable } from '../src/stores/dotenv.ts'
import { accountOf } from '../src/config/store-argument.ts'
import { workplace } from './support/program.ts'

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
  for (const [path, { integrity }] of installed) t.match(integrity, /^sha512-/, path)
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
  readRateLimit: text => readRateLimit(new Headers({ 'x-ratelimit-limit': encodeURIComponent(text) }), 0),
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
