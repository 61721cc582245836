// Runs on one machine that write one stack: one at a time, and nobody waits for the dead.
import type { ChildProcess } from 'node:child_process'
import { chmod, mkdir, readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

const configuration = (stack: string) => `version: 1
stack: ${stack}
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: '${stack}.env', name: FLUXLOOP_API_KEY } }
`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly locks: string
  readonly run: (line: string, watch?: (child: ChildProcess) => void) => Promise<Ended>
  /** Begins an apply that stops before its first write until `goOn` is called. */
  readonly stuck: () => Promise<{
    readonly child: ChildProcess
    readonly goOn: () => void
    readonly ended: Promise<Ended>
  }>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', configuration('acme'))
  await place.write('other.yaml', configuration('other'))
  const run: Scene['run'] = (line, watch = () => undefined) =>
    place.run(line.split(' '), { env: platform.env, watch })
  const stuck: Scene['stuck'] = async () => {
    const children: ChildProcess[] = []
    let goOn: () => void = () => undefined
    const reached = new Promise<void>(resolve => {
      const released = new Promise<void>(done => (goOn = done))
      platform.before = async request => {
        if (request.method !== 'POST') return null
        platform.before = async () => null
        resolve()
        await released
        return null
      }
    })
    const ended = run('apply --auto-approve', child => children.push(child))
    await reached
    const [child] = children
    if (child === undefined) throw new Error('it did not begin')
    return { child, goOn, ended }
  }
  return { place, platform, locks: join(place.root, 'home/.local/state/fluxloop-keys/locks'), run, stuck }
}

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')

t.test('a second run is refused and told who is at work, and runs once it waits', async t => {
  const { place, platform, locks, run, stuck } = await scene(t)
  const first = await stuck()
  const [name = ''] = await readdir(locks)
  t.match(name, /^acme-[0-9a-f]{16}\.lock$/)
  t.equal((await stat(locks)).mode & 0o777, 0o700)
  t.equal((await stat(join(locks, name))).mode & 0o777, 0o600)
  t.notMatch(await readFile(join(locks, name), 'utf8'), /flux_/)

  platform.forget()
  for (const line of ['apply --auto-approve', 'rotate agents --auto-approve']) {
    const second = await run(line)
    t.equal(second.code, 12, line)
    t.match(words(second), /acme at http:\S+ is locked by apply \(process \d+ on \S+, since 20\d\d-/)
    t.match(words(second), '--lock-timeout 10m')
  }
  const refused = await run('unlock')
  t.equal(refused.code, 12)
  t.match(words(refused), `process ${first.child.pid}`)
  t.match(await run('unlock --force'), { code: 12 }, 'a run at work keeps its lock')
  t.strictSame(platform.requests, [], 'and none of them made a request')

  t.match(await run('plan'), { code: 0 }, 'a plan writes nothing, so it needs no lock')
  t.match(await run('apply --auto-approve -c other.yaml'), { code: 0 }, 'another stack is not locked')

  let waiter: ChildProcess | null = null
  const waiting = run('apply --auto-approve --lock-timeout 60s', child => (waiter = child))
  await new Promise<void>(resolve => {
    waiter?.stderr?.on('data', (text: string) => {
      if (text.includes('Waiting for apply')) resolve()
    })
  })
  first.goOn()
  t.match(await first.ended, { code: 0 })
  t.match(await waiting, { code: 0, stdout: /No changes/ })
  t.strictSame(await readdir(locks), [], 'nothing is left')
  t.match(await run('unlock'), { code: 0, stdout: /acme at http:\S+ is not locked/ })
  t.match(await place.read('acme.env'), /FLUXLOOP_API_KEY/)
})

t.test('a run that was killed leaves a lock that the next one takes, and that unlock explains', async t => {
  const { locks, run, stuck } = await scene(t)
  for (const next of ['unlock', 'apply --auto-approve']) {
    const { child, goOn, ended } = await stuck()
    child.kill('SIGKILL')
    t.match(await ended, { signal: 'SIGKILL' })
    goOn()
    t.equal((await readdir(locks)).length, 1, 'left behind')
    const ending = await run(next)
    t.equal(ending.code, 0, words(ending))
    if (next === 'unlock')
      t.match(words(ending), new RegExp(`was locked by apply \\(process ${child.pid} .*, which is gone`))
    t.strictSame(await readdir(locks), [])
  }
})

t.test('where no lock can be made safely, the run says so and goes on', async t => {
  const { locks, run } = await scene(t)
  await mkdir(locks, { recursive: true })
  await chmod(locks, 0o777)
  const ending = await run('apply --auto-approve')
  t.equal(ending.code, 0)
  t.match(words(ending), /Going on without a lock: .* not a folder that only its owner, you, can write to/)
  t.strictSame(await readdir(locks), [])
})

t.test('a wrong --lock-timeout is an error before anything is asked', async t => {
  const { platform, run } = await scene(t)
  t.match(await run('apply --auto-approve --lock-timeout soon'), {
    code: 2,
    stderr: /--lock-timeout takes a time to wait such as 30s or 10m, not `soon`/,
  })
  t.strictSame(platform.requests, [])
})
