// What people see and do at a terminal, and what a pipe, a file and a full disk get instead.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { waveSize } from '../../src/plan/requests.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { needs } from '../support/needs.ts'
import { type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { openShell } from '../support/shell.ts'
import { type Terminal, ctrlC, openTerminal } from '../support/terminal.ts'

function configuration(count: number): string {
  const blocks = Array.from(
    { length: count },
    (_, index) => `
  agent-${index}:
    name: Agent ${index}
    description: A description that is long enough to need more than the eighty columns of a terminal of old
    scope: [customer-support-bot, sales-assistant]
    permissions: [read_scenarios, create_scenarios, update_scenarios, upload_results, read_results]
    expires: 90d
    store: { env-file: { path: 'secrets/{key}.env', name: FLUXLOOP_API_KEY } }`,
  )
  return `version: 1\nstack: terminal\nkeys:${blocks.join('')}\n`
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly open: (line: string, env?: Readonly<Record<string, string>>) => Terminal
}

async function scene(t: Test, keys = 3): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', configuration(keys))
  return {
    place,
    platform,
    open: (line, env = {}) => openTerminal(t, place, line, { ...platform.env, ...env }),
  }
}

const colour = /\u001b\[\d+m/
const erase = '\u001b[2K'

/** The lines as a terminal shows them: colours take no room, and an erased line is not a line. */
function shownLines(text: string): readonly string[] {
  return text
    .replaceAll(/\u001b\[\d*[A-Za-z]/g, '')
    .split(/\r?\n|\r/)
    .filter(line => line !== '')
}

/** A word that is longer than the line stands alone and whole, so that it can be copied. */
function tooWide(text: string): readonly string[] {
  return shownLines(text).filter(line => displayWidth(line) > 80 && line.trim().includes(' '))
}

t.test('a plan has colour and 80 columns on a terminal, and neither where nobody wants them', async t => {
  if (!needs(t, 'script')) return
  const { place, platform, open } = await scene(t)
  const coloured = open('plan')
  t.equal(await coloured.ended, 0)
  t.match(coloured.seen(), colour)
  t.ok(shownLines(coloured.seen()).length > 30)
  t.strictSame(tooWide(coloured.seen()), [])
  for (const [line, env] of [
    ['plan --no-color', {}],
    ['plan', { NO_COLOR: '1' }],
    ['plan', { TERM: 'dumb' }],
  ] as const) {
    const plain = open(line, env)
    t.equal(await plain.ended, 0)
    t.notMatch(plain.seen(), '\u001b', JSON.stringify(env))
    t.strictSame(shownLines(plain.seen()), shownLines(coloured.seen()), 'only the colour is missing')
  }
  const piped = await place.run(['plan'], { env: platform.env })
  t.notMatch(piped.stdout, '\u001b')
  t.match(piped, { code: 0, stderr: '', stdout: /agent-0/ })
})

t.test('progress is on standard error alone, and only where that is a terminal', async t => {
  if (!needs(t, 'script')) return
  for (const [redirection, env, onTerminal] of [
    ['', {}, true],
    ['>output', {}, true],
    ['2>output', {}, false],
    ['', { TERM: 'dumb' }, false],
  ] as const) {
    const { place, open } = await scene(t)
    const terminal = open(`apply --auto-approve ${redirection}`, env)
    t.equal(await terminal.ended, 0)
    const name = `apply ${redirection} ${JSON.stringify(env)}`
    t.equal(terminal.seen().includes(erase), onTerminal, name)
    t.equal(/Applying \d\/3/.test(terminal.seen()), onTerminal, name)
    t.strictSame(tooWide(terminal.seen()), [], name)
    const file = redirection === '' ? '' : await place.read('output')
    t.notMatch(file, '\u001b', name)
    t.notMatch(file, 'Applying', name)
    t.match(terminal.seen() + file, /agent-0.*: .*created/, name)
  }
  const { place, platform } = await scene(t)
  const piped = await place.run(['apply', '--auto-approve'], { env: platform.env })
  t.match(piped, { code: 0, stderr: '' })
  t.notMatch(piped.stdout, '\u001b')
})

t.test('only yes approves', async t => {
  if (!needs(t, 'script')) return
  const { platform, open } = await scene(t)
  const prompted = async (line: string, answer: string) => {
    const terminal = open(line)
    await terminal.until(/Enter a value: /)
    terminal.type(answer)
    return { code: await terminal.ended, seen: terminal.seen() }
  }
  for (const answer of ['no\n', 'y\n', 'YES\n', '\n', '\u0004']) {
    const name = JSON.stringify(answer)
    const said = await prompted('apply', answer)
    t.match(said, { code: 1, seen: /Apply cancelled: nothing was changed/ }, name)
    t.notMatch(said.seen, /Error/, `${name} is not an error`)
  }
  t.match(await prompted('apply', ctrlC), { code: 130, seen: /Interrupted/ }, 'Ctrl-C')
  t.strictSame(await platform.managed(), [], 'nothing was changed')
  t.match(await prompted('apply >output', 'yes\n'), { code: 0 }, 'with its output in a file')
  t.equal((await platform.managed()).length, 3)
})

t.test('without a terminal nobody can approve, so nothing is changed', async t => {
  const { place, platform } = await scene(t)
  const refused = await place.run(['apply'], { env: platform.env })
  t.match(refused, { code: 1, stdout: /3 to create/, stderr: /--auto-approve/ })
  t.strictSame(await platform.managed(), [])
})

/** Lets creates arrive but not be answered until `release`; `arrived` resolves once there are that many. */
function holdCreates(platform: ServedPlatform, count: number) {
  const arrived = new Promise<void>(resolve => {
    let left = count
    platform.before = async request => {
      if (request.method !== 'POST') return null
      left -= 1
      if (left === 0) resolve()
      await held
      return null
    }
  })
  let release: () => void = () => undefined
  const held = new Promise<void>(resolve => (release = resolve))
  return { arrived, release: () => release() }
}

/** Every key that was delivered works with the secret in its file. Resolves to how many there are. */
async function deliveredKeys({ place, platform }: Scene): Promise<number> {
  const live = await platform.managed()
  const holders = live.map(async ({ id, ownership }) => {
    if (ownership.kind !== 'managed' || ownership.marker.state.kind !== 'delivered') return false
    const text = await place.read(`secrets/${ownership.marker.keyId}.env`)
    return (await platform.holder(/flux_\w+/.exec(text)?.[0] ?? '')) === id
  })
  return (await Promise.all(holders)).filter(Boolean).length
}

t.test('Ctrl-C finishes what is in flight, starts nothing new, and exits 130', async t => {
  if (!needs(t, 'script')) return
  const made = await scene(t, 6)
  const { place, platform, open } = made
  const { arrived, release } = holdCreates(platform, 2)
  const terminal = open('apply --parallelism 2')
  await terminal.until(/Enter a value: /)
  terminal.type('yes\n')
  await arrived
  terminal.type(ctrlC)
  await terminal.until(/Finishing what is in flight/)
  release()
  t.equal(await terminal.ended, 130)
  t.match(shownLines(terminal.seen()).join(' '), /Apply incomplete \(interrupted\): 2 created/)
  t.equal((await platform.managed()).length, 2)
  t.equal(await deliveredKeys(made), 2, 'what was begun is delivered')
  t.match(await place.run(['apply', '--auto-approve'], { env: platform.env }), {
    code: 0,
    stdout: /4 created/,
  })
})

t.test('a second Ctrl-C aborts at once, and the next apply heals what it left', async t => {
  if (!needs(t, 'script')) return
  const { place, platform, open } = await scene(t, 2)
  const { arrived, release } = holdCreates(platform, 2)
  const terminal = open('apply --auto-approve')
  await arrived
  terminal.type(ctrlC)
  await terminal.until(/Finishing what is in flight/)
  terminal.type(ctrlC)
  t.equal(await terminal.ended, 130, 'while the platform has not answered')
  release()
  t.match(await place.run(['apply', '--auto-approve'], { env: platform.env }), { code: 0 })
  t.equal((await platform.managed()).length, 2)
  t.match(await place.run(['plan', '--detailed-exitcode'], { env: platform.env }), { code: 0 })
})

t.test('a terminal that closes lets apply finish what is in flight, however often it closes', async t => {
  const made = await scene(t, 6)
  const { place, platform } = made
  const { arrived, release } = holdCreates(platform, 2)
  const line = `exec ${asUsersDo.join(' ')} apply --auto-approve --parallelism 2 2>said`
  const shell = openShell(t, 'sh', ['-c', line], { cwd: place.work, env: { ...place.env, ...platform.env } })
  await arrived
  shell.hangUp()
  const end = { came: false }
  void shell.ended.then(() => (end.came = true))
  while (!end.came && !(await place.read('said')).includes('Finishing what is in flight'))
    await setTimeout(10)
  process.kill(shell.pid, 'SIGHUP')
  release()
  t.equal(await shell.ended, 130)
  t.equal((await platform.managed()).length, 2)
  t.equal(await deliveredKeys(made), 2, 'what was begun is delivered')
  t.match(await place.run(['apply', '--auto-approve'], { env: platform.env }), {
    code: 0,
    stdout: /4 created/,
  })
})

t.test('a reader that goes away early is not an error', async t => {
  const { place, platform } = await scene(t, 200)
  const line = `(${asUsersDo.join(' ')} plan; echo "exit $?" >&2) | head -n 1`
  const env = { ...place.env, ...platform.env }
  const { stdout, stderr } = await ended('sh', ['-c', line], { cwd: place.work, env })
  t.equal(stdout.split('\n').length, 2)
  t.equal(stderr, 'exit 0\n')
  for (const words of ['--help', '--version', 'apply --help', 'apikeys']) {
    const unread = `(sleep 0.1; ${asUsersDo.join(' ')} ${words}; echo "exit $?" >&2) | true`
    t.equal((await ended('sh', ['-c', unread], { cwd: place.work, env })).stderr, 'exit 0\n', words)
  }
})

t.test('an apply whose output nobody reads any more does its work', async t => {
  const { place, platform } = await scene(t, 20)
  const env = { ...place.env, ...platform.env }
  const [command, ...args] = asUsersDo
  const child = spawn(command, [...args, 'apply', '--auto-approve'], { cwd: place.work, env, stdio: 'pipe' })
  child.stdout.destroy()
  child.stderr.destroy()
  t.strictSame(await once(child, 'close'), [0, null])
  t.equal((await platform.managed()).length, 20)

  await place.write('fluxloop-keys.yaml', configuration(22))
  const closed = `exec ${asUsersDo.join(' ')} apply --auto-approve >&-`
  t.match(await ended('sh', ['-c', closed], { cwd: place.work, env }), { code: 0 })
  t.equal((await platform.managed()).length, 22)
})

t.test('output that cannot be written is an error', async t => {
  const { place, platform } = await scene(t)
  const env = { ...place.env, ...platform.env }
  const run = (line: string) =>
    ended('sh', ['-c', `${asUsersDo.join(' ')} ${line} >/dev/full`], { cwd: place.work, env })
  for (const line of [
    'plan',
    'plan --json',
    'validate',
    'apply --auto-approve',
    '--help',
    '--version',
    'apikeys',
  ]) {
    const { code, stderr } = await run(line)
    t.equal(code, 1, line)
    t.match(stderr, /Cannot write the output: .*ENOSPC/)
    t.notMatch(stderr, /^\s+at /m)
  }
  t.match(await place.run(['apply', '--auto-approve'], { env }), { code: 0 })
  t.equal((await platform.managed()).length, 3, 'what was left half done is healed')
})

/** Begins an apply whose output has no room for anything more from its first new key on. */
async function applyToFullDisk(t: Test, { place, platform }: Scene, more: readonly string[] = []) {
  const file = await open(join(place.work, 'out'), 'w')
  t.teardown(() => file.close())
  const [command, ...args] = asUsersDo
  const child = spawn(command, [...args, 'apply', '--auto-approve', '--parallelism', '4', ...more], {
    cwd: place.work,
    env: { ...place.env, ...platform.env },
    stdio: ['ignore', file.fd, 'pipe'],
  })
  const end = { came: false }
  const closed = once(child, 'close').finally(() => (end.came = true))
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  let isFull = false
  const fill = async () => {
    if (isFull) return
    isFull = true
    const { size } = await file.stat()
    await ended('prlimit', ['--pid', String(child.pid), `--fsize=${size}`])
  }
  return {
    child,
    closed,
    fill,
    said: () => said.replaceAll(/\s+/g, ' '),
    /** Resolves once this was said on standard error, or when the program ends. */
    until: async (words: RegExp) => {
      while (!end.came && !words.test(said)) await setTimeout(10)
    },
  }
}

/** How many keys were made, each of them delivered. */
async function madeWhole(t: Test, made: Scene): Promise<number> {
  const live = await made.platform.managed()
  t.equal(await deliveredKeys(made), live.length, 'none is left half done')
  return live.length
}

t.test('what is in flight when the output fills its disk is finished, and nothing new begins', async t => {
  if (!needs(t, 'prlimit')) return
  const keys = waveSize + 10
  const made = await scene(t, keys)
  const { platform } = made
  const apply = await applyToFullDisk(t, made)
  platform.before = async ({ method }) => {
    if (method === 'POST') await apply.fill()
    return null
  }
  t.strictSame(await apply.closed, [1, null])
  t.match(
    apply.said(),
    /The output cannot be written \(EFBIG[^)]*\)\. Finishing what is in flight\. .*Cannot write the output: EFBIG.*was finished, and nothing new was begun\. • Plan and apply again/,
  )
  const count = await madeWhole(t, made)
  t.ok(count >= 1 && count < keys, `${count} of ${keys} keys`)
})

t.test('the first signal after the output filled its disk leaves what is in flight whole, too', async t => {
  if (!needs(t, 'prlimit')) return
  const made = await scene(t, 8)
  const { platform } = made
  const apply = await applyToFullDisk(t, made)
  let [marked, signalled] = [0, false]
  platform.before = async ({ method }) => {
    if (method === 'POST') await apply.fill()
    // The PATCH of nothing comes before the first key.
    if (method !== 'PATCH' || (marked += 1) <= 2) return null
    await apply.until(/The output cannot be written/)
    if (signalled) return null
    signalled = true
    apply.child.kill('SIGTERM')
    await apply.until(/Ctrl-C again aborts/)
    return null
  }
  t.strictSame(await apply.closed, [1, null])
  t.match(apply.said(), /Ctrl-C again aborts\. .*Cannot write the output: EFBIG/)
  t.ok((await madeWhole(t, made)) > 1)
})

t.test('what failed, and what the log lacks, is said on standard error where the output is full', async t => {
  if (!needs(t, 'prlimit')) return
  const made = await scene(t, 3)
  const { place, platform } = made
  await place.write('log', `${'x'.repeat(100_000)}\n`)
  const apply = await applyToFullDisk(t, made, ['--log', 'log'])
  let marked = 0
  platform.before = async ({ method }) => {
    if (method === 'POST') await apply.fill()
    // The PATCH of nothing comes before the first key.
    if (method !== 'PATCH' || (marked += 1) <= 2) return null
    await apply.until(/The output cannot be written/)
    return marked === 3 ? null : Response.json({ detail: 'not this one' }, { status: 422 })
  }
  t.strictSame(await apply.closed, [1, null])
  t.match(apply.said(), /Not everything was logged\. .*EFBIG.* agent-\d: failed to create: .*not this one/)
  t.notMatch(apply.said(), /: created/)
})

t.test('a fresh secret that nobody takes ends its key, or is said to be lost', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const env = { ...place.env, ...platform.env }
  const shell = (line: string) => ended('sh', ['-c', line], { cwd: place.work, env })
  const ours = asUsersDo.join(' ')
  const named = async () =>
    (await platform.live()).filter(({ name, status }) => name === 'Deploy' && status !== 'revoked')

  const create = ['apikeys', 'create', '--name', 'Deploy', '--quiet']
  const closed = await place.run(create, { env: platform.env, watch: child => child.stdout?.destroy() })
  t.match(closed, {
    code: 1,
    stderr: /Cannot write the output: .*EPIPE[^]*nobody received, was revoked again/,
  })
  t.match(await shell(`${ours} apikeys create --name Deploy --json >/dev/full`), {
    code: 1,
    stderr: /ENOSPC[^]*was revoked again/,
  })
  t.match(
    await shell(`head -c 500 /dev/zero >cut; ulimit -f 1; ${ours} ${create.join(' ')} >>cut`),
    { code: 1, stderr: /EFBIG[^]*was revoked again/ },
    'a file with room for a part of it',
  )
  t.strictSame(await named(), [])

  platform.forget()
  for (const to of ['>&-', '>/dev/null'])
    t.match(await shell(`${ours} ${create.join(' ')} ${to}`), { code: 2, stderr: /Nobody would receive/ })
  t.strictSame(platform.requests, [], 'where that is known, nothing is made')

  t.match(await shell(`${ours} ${create.join(' ')} >secret`), { code: 0, stderr: '' })
  const [key] = await named()
  t.equal(await platform.holder((await place.read('secret')).trim()), key?.id)
  const regenerate = `${ours} apikeys regenerate Deploy --force`
  t.match(await shell(`${regenerate} --quiet >&-`), { code: 2, stderr: /Nobody would receive/ })
  t.equal(await platform.holder((await place.read('secret')).trim()), key?.id, 'the old secret works')
  const lost = await shell(`${regenerate} --json >/dev/full`)
  t.match(lost, { code: 1, stderr: /nobody has its new secret: [^]*ENOSPC/ })
  t.match(lost.stderr.replaceAll(/\s+/g, ' '), `Run: fluxloop-keys apikeys regenerate ${key?.id}`)
})
