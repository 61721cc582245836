// A real X server with nobody's screen, and the real programs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { type Workplace, ended, workplace } from '../support/program.ts'

const secret = 'flux_ci_sentinel0123456789'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: a.env, name: KEY } } }
`

async function scene(t: Test, env: Readonly<Record<string, string>>): Promise<Workplace> {
  const place = await workplace(t, env)
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('a.env', `KEY=${secret}\n`)
  return place
}

/** Resolves to its name, such as `:7`. */
async function display(t: Test): Promise<string> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => server.kill())
  const [number] = (await once(server.stdout, 'data')) as [Buffer]
  return `:${String(number).trim()}`
}

async function clipboard(DISPLAY: string): Promise<string> {
  const { stdout } = await ended('xclip', ['-selection', 'clipboard', '-out'], {
    env: { PATH: process.env['PATH'], DISPLAY },
  })
  return stdout
}

async function copyByHand(text: string, DISPLAY: string): Promise<void> {
  const child = spawn('xclip', ['-selection', 'clipboard'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'], DISPLAY },
  })
  child.stdin.end(text)
  await once(child, 'exit')
}

/** The processes that wait to empty the clipboard of a display. */
async function waiting(DISPLAY: string): Promise<readonly { readonly pid: number; readonly all: string }[]> {
  const read = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const each = await Promise.all(
    pids.map(async pid => {
      const [cmdline, environ] = await Promise.all([read(pid, 'cmdline'), read(pid, 'environ')])
      return { pid: Number(pid), all: cmdline + environ, cmdline, environ }
    }),
  )
  return each.filter(
    ({ cmdline, environ }) =>
      cmdline.includes('clear-helper') && environ.split('\0').includes(`DISPLAY=${DISPLAY}`),
  )
}

/** Does a process do something of its own on SIGHUP, number 1? Node itself catches SIGTERM from its first moment. */
async function listens(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, caught = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status) ?? []
  return (BigInt(`0x${caught}`) & 1n) === 1n
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(50)
}

t.test(
  'a copied secret leaves the clipboard by itself, through whichever program the desktop has',
  async t => {
    if (!['Xvfb', 'xclip', 'xsel'].every(name => needs(t, name))) return
    const DISPLAY = await display(t)
    for (const program of ['xclip', 'xsel']) {
      const place = await scene(t, { DISPLAY })
      await symlink(`/usr/bin/${program}`, join(place.root, program))
      const PATH = `${place.root}:/nowhere`
      const run = await ended(
        process.execPath,
        [
          'dist/start.cjs',
          'secret',
          'copy',
          'ci-pipeline',
          '--clear-after',
          '2s',
          '-c',
          join(place.work, 'fluxloop-keys.yaml'),
        ],
        {
          env: { ...place.env, PATH },
        },
      )
      t.strictSame(run, {
        code: 0,
        signal: null,
        stdout: 'The secret of ci-pipeline is in the clipboard. It is cleared in 2s.\n',
        stderr: '',
      })
      await until(async () => (await clipboard(DISPLAY)) === secret)
      const [helper] = await waiting(DISPLAY)
      t.notMatch(helper?.all, /sentinel/, 'the process that waits knows no secret')
      await until(async () => (await waiting(DISPLAY)).length === 0)
      await until(async () => (await clipboard(DISPLAY)) === '')
    }
  },
)

t.test('what somebody copied since then stays', async t => {
  if (!['Xvfb', 'xclip'].every(name => needs(t, name))) return
  const DISPLAY = await display(t)
  const place = await scene(t, { DISPLAY })
  for (const poem of ['a poem', 'a long poem '.repeat(100_000)]) {
    t.match(await place.run(['secret', 'copy', 'ci-pipeline']), { code: 0 })
    const [helper] = await waiting(DISPLAY)
    await until(() => listens(helper?.pid ?? 0))
    await copyByHand(poem, DISPLAY)
    await until(async () => (await clipboard(DISPLAY)) === poem)
    process.kill(helper?.pid ?? 0, 'SIGHUP')
    await until(async () => (await waiting(DISPLAY)).length === 0)
    t.ok((await clipboard(DISPLAY)) === poem, `${poem.length} characters`)
  }
})

t.test('a picture stays too, and a clipboard that nobody can read is emptied', async t => {
  const folder = t.testdir({})
  const clearedAfter = async (paste: readonly string[], name: string) => {
    const file = join(folder, name)
    const order = { paste, clear: ['sh', '-c', 'cat; : >"$1"', 'sh', file], digest: '', after: 1 }
    const child = spawn(process.execPath, ['dist/clear-helper.js'], { stdio: ['pipe', 'ignore', 'inherit'] })
    child.stdin.end(JSON.stringify(order))
    await once(child, 'exit')
    return file
  }
  // What xclip does where the clipboard has no text.
  const kept = await clearedAfter(['sh', '-c', 'exit 1'], 'picture')
  const emptied = await clearedAfter(['/no/such/program'], 'unreadable')
  await until(async () => existsSync(emptied))
  t.notOk(existsSync(kept))
})

t.test('whoever ends the process that waits has the clipboard emptied at once', async t => {
  if (!['Xvfb', 'xclip'].every(name => needs(t, name))) return
  const DISPLAY = await display(t)
  const place = await scene(t, { DISPLAY })
  t.match(await place.run(['secret', 'copy', 'ci-pipeline']), { code: 0, stdout: /cleared in 45s/ })
  const [helper] = await waiting(DISPLAY)
  t.ok(helper)
  if (helper === undefined) return
  await until(() => listens(helper.pid))
  process.kill(helper.pid, 'SIGHUP')
  await until(async () => (await clipboard(DISPLAY)) === '')
  await until(async () => (await waiting(DISPLAY)).length === 0)
})

t.test('says why nothing was copied, and changes nothing', async t => {
  const place = await scene(t, {})
  t.match(await place.run(['secret', 'copy', 'ci-pipeline']), {
    code: 1,
    stdout: '',
    stderr: /no clipboard here[^]*exec KEY -- COMMAND/,
  })
  t.match(await place.run(['secret', 'copy', 'ci-pipeline'], { env: { DISPLAY: ':999' } }), {
    code: 1,
    stderr: /Nothing was copied: xclip( and xsel)? failed/,
  })
  t.match(await place.run(['secret', 'copy', 'ci-pipeline', '--clear-after', 'soon']), {
    code: 2,
    stderr: /--clear-after takes a time such as 45s/,
  })
  t.match(await place.run(['secret', 'copy', 'ci-pipeline', '--clear-after', '600h']), {
    code: 2,
    stderr: /24 days at most/,
  })
  t.match(await place.run(['secret', 'copy', 'ci-pipline']), { code: 5, stderr: /Did you mean ci-pipeline/ })
})
