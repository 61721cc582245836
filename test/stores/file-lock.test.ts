import { execFileSync, spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { withFileLock } from '../../src/stores/file-lock.ts'
import { createStores } from '../../src/stores/open.ts'
import { processSpace, processStart, unknownStart } from '../../src/stores/process-start.ts'
import type { SecretStore } from '../../src/stores/secret-store.ts'
import { bundled } from '../support/bundled.ts'
import { failed, folder } from '../support/failed.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
const secret = new Secret('flux_ci_sentinel')
const name = 'FLUXLOOP_API_KEY'

const envFile = (path: string): SecretStore =>
  stores.open({ kind: 'env-file', path, name, declaredIn: '/srv' })

function startIn(lock: string): string {
  const [line = ''] = readFileSync(lock, 'utf8').split('\n')
  const holder = JSON.parse(line) as { start: string }
  return holder.start
}

t.test(
  'loses no variable when two processes write to one env file, nor when one process does at once',
  async t => {
    const root = folder(t)
    const path = join(root, '.env')
    const writer = await bundled('test/support/env-file-writer.ts')
    const writers = ['A', 'B'].map(prefix => {
      const child = spawn(process.execPath, [writer, path, prefix, '25'], { stdio: 'inherit' })
      return new Promise(resolve => child.on('close', resolve))
    })
    t.strictSame(await Promise.all(writers), [0, 0])
    await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        stores
          .open({ kind: 'env-file', path, name: `C_${index}`, declaredIn: '/srv' })
          .put(new Secret(`flux_ci_C${index}`)),
      ),
    )
    const lines = readFileSync(path, 'utf8').trim().split('\n').sort()
    const wanted = ['A', 'B', 'C'].flatMap(p =>
      Array.from({ length: 25 }, (_, i) => `${p}_${i}=flux_ci_${p}${i}`),
    )
    t.strictSame(lines, wanted.sort())
    t.strictSame(readdirSync(root), ['.env'])
  },
)

t.test('takes over the lock of a process that is gone, or whose id another one has now', async t => {
  const path = join(folder(t), '.env')
  const space = await processSpace()
  const start = await processStart(process.pid)
  const dead = { pid: 4_194_300, start: 'boot 1', space }
  for (const holder of [dead, { pid: process.pid, start: 'another start', space }]) {
    writeFileSync(`${path}.lock`, JSON.stringify(holder))
    // Who died while taking over left a second lock.
    writeFileSync(`${path}.lock.takeover`, JSON.stringify(dead))
    t.equal(await withFileLock(path, async () => startIn(`${path}.lock`), { patience: 0 }), start)
    t.strictSame(readdirSync(join(path, '..')), [])
  }
})

t.test('takes over the lock of a writer that was killed', async t => {
  const root = folder(t)
  const path = join(root, '.env')
  const hold = `import { withFileLock } from './src/stores/file-lock.ts'
    await withFileLock(${JSON.stringify(path)}, () => new Promise(() => setInterval(() => console.log('held'), 5)))`
  const writer = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', hold])
  await new Promise(resolve => writer.stdout.once('data', resolve))
  t.strictSame(readdirSync(root), ['.env.lock'])
  writer.kill('SIGKILL')
  await new Promise(resolve => writer.once('close', resolve))
  t.strictSame(readdirSync(root), ['.env.lock'])
  await envFile(path).put(secret)
  t.strictSame(readdirSync(root), ['.env'])
})

t.test('waits for a lock that is held, or that it cannot judge, and names it where it stays', async t => {
  const path = join(folder(t), '.env')
  const space = await processSpace()
  const start = await processStart(process.pid)
  const held = JSON.stringify({ pid: process.pid, start, space })
  const abroad = JSON.stringify({ pid: process.pid, start: 'x', space: 'elsewhere pid:[1]' })
  // As of a machine of the same name, and as where the system did not say when a process started.
  const namesake = JSON.stringify({ pid: 4_194_300, start: 'x', space: `${space}0` })
  const ageless = JSON.stringify({ pid: process.pid, start: unknownStart, space })
  t.equal(/ [0-9a-f]{8}$/.test(space), existsSync('/etc/machine-id'), 'the machine is in the space')
  for (const [text, who] of [
    [held, `process ${process.pid} on ${hostname()}`],
    [abroad, `process ${process.pid} on elsewhere`],
    [namesake, `process 4194300 on ${hostname()}`],
    [ageless, `process ${process.pid} on ${hostname()}`],
    ['', 'an unknown process'],
  ] as const) {
    writeFileSync(`${path}.lock`, text)
    const failure = await failed(withFileLock(path, async () => t.fail('it ran'), { patience: 0 }))
    t.match(failure, {
      code: 'conflict',
      message: `${path}.lock is held by ${who}.`,
      hints: [/Wait/, /unlock --force/],
    })
    t.equal(readFileSync(`${path}.lock`, 'utf8'), text, 'and leaves it')
  }
})

t.test('waits no longer than it may for a link or a pipe that was planted as its lock', async t => {
  if (process.platform === 'win32') return
  const root = folder(t)
  const path = join(root, '.env')
  const victim = join(root, 'victim')
  const plants: Readonly<Record<string, () => void>> = {
    'a link to nothing': () => symlinkSync(victim, `${path}.lock`),
    'a link to a pipe': () => symlinkSync(join(root, 'pipe'), `${path}.lock`),
    'a pipe': () => void execFileSync('mkfifo', [`${path}.lock`]),
    'a folder': () => mkdirSync(`${path}.lock`),
  }
  execFileSync('mkfifo', [join(root, 'pipe')])
  for (const [what, plant] of Object.entries(plants)) {
    plant()
    const failure = await failed(withFileLock(path, async () => t.fail('it ran'), { patience: 50 }))
    t.match(failure, { code: 'conflict', message: /\.env\.lock is not a lock of fluxloop-keys/ }, what)
    t.notOk(existsSync(victim), 'nothing is written through it')
    rmSync(`${path}.lock`, { recursive: true })
  }
})

t.test('lets go of the lock where the work fails', async t => {
  const path = join(folder(t), '.env')
  await t.rejects(
    withFileLock(path, async () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  t.equal(await withFileLock(path, async () => 1, { patience: 0 }), 1)
})
