// Locks that were left behind by processes that nobody can see, that never come back, or that come back too late.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { day, second } from '../../src/model/duration.ts'
import { withFileLock } from '../../src/stores/file-lock.ts'
import type { LeaseClock } from '../../src/stores/lease-clock.ts'
import { readLock } from '../../src/stores/lock-file.ts'
import { guardOf, takeLock } from '../../src/stores/take-lock.ts'
import { writeFileDurably } from '../../src/stores/write-file.ts'
import { failed } from '../support/failed.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { stage } from '../support/stage.ts'
import { whole } from '../support/whole.ts'

const leaping = { loaded: ['leaping-lease.mjs'] }

/** As a writer in a container leaves it that was killed: host and process namespace never return. */
const leftBehind = `${JSON.stringify({
  pid: 7,
  start: 'boot 4711',
  space: 'runner-x7k2p pid:[4026533001] 0badcafe',
  nonce: '5a5a5a5a5a5a',
  note: { command: 'apply', since: '2026-11-22T14:05:00.000Z' },
})}\n000000000003\n`

/** Killed between creating the file and writing to it, where the file system has no hard links. */
const empty = ''

const configuration = (stack: string, variable: string, strategy: string) => `version: 1
stack: ${stack}
keys:
  agents:
    name: Agents of ${stack}
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    rotate: { maxAge: 60d, strategy: ${strategy}${strategy === 'overlap' ? ', grace: 48h' : ''} }
    store: { env-file: { path: agents.env, name: ${variable} } }
`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly lock: string
  readonly run: (line: string, options?: Parameters<Workplace['run']>[1]) => Promise<Ended>
}

async function scene(t: Test, strategy = 'overlap'): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', configuration('acme', 'ACME', strategy))
  await place.write('other.yaml', configuration('other', 'OTHER', strategy))
  return {
    place,
    platform,
    lock: join(place.work, 'agents.env.lock'),
    run: (line, options = {}) =>
      place.run(line.split(' '), { ...options, env: { ...platform.env, ...options.env } }),
  }
}

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')

async function requireDelivered(t: Test, { place, platform }: Scene, variable: string): Promise<void> {
  const secret = new RegExp(`^${variable}=(\\S+)$`, 'm').exec(await place.read('agents.env'))?.[1] ?? ''
  t.ok(await platform.holder(secret), `${variable} has the secret of a live key`)
  const left = (await readdir(place.work)).filter(name => !name.endsWith('.yaml'))
  t.strictSame(left, ['agents.env'], 'nothing else is left')
}

t.test(
  'an apply recovers by itself from the lock of a writer that never comes back, and makes no key in vain',
  async t => {
    for (const [what, strategy, writes] of [
      ['create', 'overlap', ['POST /api/api-keys']],
      ['rotate by overlap', 'overlap', ['POST /api/api-keys']],
      ['rotate in place', 'in-place', ['POST /api/api-keys/:id/regenerate']],
    ] as const) {
      for (const text of [leftBehind, empty]) {
        const own = await scene(t, strategy)
        const { platform, lock, run } = own
        if (what !== 'create') {
          t.match(await run('apply --auto-approve'), { code: 0 })
          platform.now += 61 * day
          platform.forget()
        }
        await writeFile(lock, text)
        const lockedAt: string[] = []
        platform.before = async ({ method }) => {
          if (method === 'POST' && existsSync(lock)) lockedAt.push(method)
          return null
        }
        const ending = await run('apply --auto-approve', leaping)
        t.equal(ending.code, 0, `${what}: ${words(ending)}`)
        t.match(words(ending), /Waiting for \S+agents\.env\.lock/, 'it says which file it waits for')
        t.strictSame(lockedAt, [], 'the lock is taken before anything is made')
        const made = platform.requests.filter(line => !/^(GET|PATCH)/.test(line))
        t.strictSame(made, writes, 'and nothing is made that is revoked again')
        await requireDelivered(t, own, 'ACME')
        t.match(await run('plan --detailed-exitcode'), { code: 0 })
      }
    }
  },
)

t.test('a lock that cannot be taken stops the change before anything is made, and is named', async t => {
  for (const strategy of ['overlap', 'in-place']) {
    const { platform, lock, run } = await scene(t, strategy)
    if (strategy === 'in-place') {
      t.match(await run('apply --auto-approve'), { code: 0 })
      platform.now += 61 * day
    }
    platform.forget()
    // Nothing can be put into the place of a folder that holds something.
    await mkdir(join(lock, 'full'), { recursive: true })
    const ending = await run('apply --auto-approve', leaping)
    t.not(ending.code, 0)
    t.match(words(ending), /agents\.env\.lock/)
    t.strictSame(
      platform.requests.filter(line => !line.startsWith('GET')),
      [],
      'nothing is made, regenerated or revoked',
    )
  }
})

t.test(
  'a run recovers by itself from the lock of a stack that cannot be judged, and says what it waits for',
  async t => {
    const own = await scene(t)
    const { place, lock, run } = own
    const locks = join(place.root, 'home/.local/state/fluxloop-keys/locks')
    for (const text of [leftBehind, empty, '[]', '{"__proto__": {"pid": 1}}']) {
      const { stdout } = await run('unlock')
      const origin = /at (http\S+) is not locked/.exec(stdout)?.[1] ?? ''
      const { createHash } = await import('node:crypto')
      const hash = createHash('sha256').update(`${origin}\nacme`).digest('hex').slice(0, 16)
      await mkdir(locks, { recursive: true, mode: 0o700 })
      await writeFile(join(locks, `acme-${hash}.lock`), text)
      const doctor = await run('doctor')
      t.match(words(doctor), /lock \S+acme-\w+\.lock: held by .*cannot be seen from here/)
      await writeFile(lock, text)
      const ending = await run('apply --auto-approve', leaping)
      t.equal(ending.code, 0, words(ending))
      t.match(words(ending), /Waiting for up to a minute to see whether .* is alive/)
      t.match(words(ending), `acme-${hash}.lock`)
      t.strictSame(await readdir(locks), [])
      await rm(lock, { force: true })
    }
  },
)

t.test('doctor names the lock of a file and unlock removes it, at once with --force', async t => {
  const { lock, run } = await scene(t)
  await run('apply --auto-approve')
  await writeFile(lock, leftBehind)
  t.match(words(await run('doctor')), /lock \S+agents\.env\.lock: held by apply \(process 7 on runner-x7k2p/)
  const waited = await run('unlock', leaping)
  t.equal(waited.code, 0, words(waited))
  t.match(words(waited), /agents\.env was locked by apply \(process 7 on runner-x7k2p.*did not renew/)
  t.notOk(existsSync(lock))
  await writeFile(lock, leftBehind)
  // Without the leaping clock this would take a minute.
  t.match(await run('unlock --force'), { code: 0, stdout: /It is free now/ })
  t.notOk(existsSync(lock))
})

t.test('a lock file of another program is never taken for one of ours', async t => {
  const { place, run, platform } = await scene(t)
  const text = '# This file is automatically @generated by Cargo.\nversion = 4\n'
  await place.write('Cargo.lock', text)
  await place.write(
    'fluxloop-keys.yaml',
    configuration('acme', 'ACME', 'overlap').replace(
      /store: .*/,
      'store: { age-file: { path: Cargo, identity: id.txt } }',
    ),
  )
  await place.write('id.txt', 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33\n')
  for (const line of ['apply --auto-approve', 'unlock', 'unlock --force']) {
    const ending = await run(line, leaping)
    t.equal(ending.code, 12, line)
    t.match(words(ending), /Cargo\.lock is not a lock of fluxloop-keys/)
  }
  t.strictSame(
    platform.requests.filter(line => !line.startsWith('GET')),
    [],
  )
  t.equal(await place.read('Cargo.lock'), text)
})

const stateOf = (pid: number) => execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })

t.test(
  'a writer that is stopped right before its rename, and wakes up after a take-over, changes nothing',
  async t => {
    if (process.platform === 'win32') return
    const own = await scene(t)
    const { run, place, platform } = own
    let pid = 0
    const stopped = run('apply --auto-approve', {
      loaded: ['stopped-at-rename.mjs'],
      watch: child => (pid = child.pid ?? 0),
    })
    while (pid === 0 || !stateOf(pid).startsWith('T')) await new Promise(resolve => setTimeout(resolve, 20))
    const other = await run('apply --auto-approve -c other.yaml', leaping)
    t.equal(other.code, 0, words(other))
    const written = await place.read('agents.env')
    process.kill(pid, 'SIGCONT')
    const woken = await stopped
    t.not(woken.code, 0)
    t.match(words(woken), /agents\.env\.lock was taken over by another process, so nothing was written/)
    t.equal(await place.read('agents.env'), written)
    await requireDelivered(t, own, 'OTHER')
    t.match(await run('apply --auto-approve'), { code: 0 })
    for (const variable of ['ACME', 'OTHER']) await requireDelivered(t, own, variable)
    t.equal((await platform.managed()).length, 2)
  },
)

t.test(
  'a take-over that is killed at any step leaves nothing that the next run does not take over',
  async t => {
    const own = await scene(t)
    const { place, platform, lock, run } = own
    let step = 1
    for (;;) {
      await writeFile(lock, leftBehind)
      const ending = await run('rotate agents --auto-approve', {
        loaded: ['leaping-lease.mjs', 'killed-at-step.mjs'],
        env: { KILLED_AT: 'agents.env', KILLED_AT_STEP: String(step) },
      })
      // From the first write to the platform on it is not a take-over any more: test/faults kills there.
      if (ending.signal === null || platform.requests.some(line => line.startsWith('POST'))) break
      t.equal(ending.signal, 'SIGKILL')
      const next = await run('apply --auto-approve -c other.yaml', leaping)
      t.equal(next.code, 0, `step ${step}: ${words(next)}`)
      await requireDelivered(t, own, 'OTHER')
      await rm(join(place.work, 'agents.env'))
      for (const { id } of await platform.managed()) await platform.send(revocation(platform, id))
      platform.forget()
      step += whole ? 1 : 5
    }
    t.ok(step > 6, `it was killed up to step ${step}`)
  },
)

function revocation(platform: ServedPlatform, id: string): Request {
  return new Request(`http://localhost/api/api-keys/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
  })
}

/** Stands still but for sleeps, and beats only where a test says so. */
function testClock(): LeaseClock & { time: number; leaps: boolean; readonly beats: Set<() => void> } {
  const beats = new Set<() => void>()
  const clock = {
    time: 0,
    leaps: true,
    beats,
    now: () => clock.time,
    sleep: async () => {
      await turn()
      if (clock.leaps) clock.time += second
    },
    every: (_: number, work: () => void) => {
      beats.add(work)
      return () => void beats.delete(work)
    },
  }
  return clock
}

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fluxloop-keys-locks-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

const taking = (clock: LeaseClock) => ({
  patience: 600 * second,
  observes: false,
  ownFolder: false,
  note: {},
  clock,
})

t.test('of several observers of one expired lock one at a time holds it', async t => {
  const root = await folder(t)
  const lock = join(root, '.env.lock')
  // The second lock was left behind too.
  await writeFile(lock, leftBehind)
  await writeFile(guardOf(lock), leftBehind)
  const clock = testClock()
  let holding = 0
  let most = 0
  const observe = async () => {
    const { lease } = await takeLock(lock, taking(clock))
    if (lease === null) throw new Error('it did not get the lock')
    // From here on nothing expires.
    clock.leaps = false
    holding += 1
    most = Math.max(most, holding)
    for (let count = 0; count < 20; count += 1) await turn()
    lease.requireHeld()
    holding -= 1
    await lease.release()
  }
  await Promise.all(Array.from({ length: 8 }, observe))
  t.equal(most, 1)
  t.strictSame(await readdir(root), [])
})

t.test('a lock that is renewed is never taken over, however long somebody waits', async t => {
  const root = await folder(t)
  const lock = join(root, '.env.lock')
  const holderClock = testClock()
  const { lease } = await takeLock(lock, taking(holderClock))
  if (lease === null) throw new Error('it did not get the lock')
  const clock = testClock()
  const observer = {
    ...clock,
    now: () => clock.time,
    sleep: async () => {
      clock.time += 20 * second
      holderClock.time += 20 * second
      const before = readLock(lock)
      // The beat is a write to a file, of which nobody says when it is done.
      while (JSON.stringify(readLock(lock)) === JSON.stringify(before)) {
        for (const beat of holderClock.beats) beat()
        await turn()
      }
    },
  }
  t.match(await takeLock(lock, { ...taking(observer), patience: 1_000 * second }), {
    lease: null,
    held: { holder: { pid: process.pid } },
  })
  lease.requireHeld()
  await lease.release()
  t.strictSame(await readdir(root), [])
})

t.test('a holder that did not renew its lock in time writes nothing, whoever has the lock', async t => {
  const root = await folder(t)
  const path = join(root, '.env')
  await writeFile(path, 'before')
  const clock = testClock()
  const late = withFileLock(
    path,
    async file => {
      clock.time += 45 * second
      await writeFileDurably(file, Buffer.from('after'))
    },
    { clock },
  )
  t.match(await failed(late), {
    code: 'conflict',
    message: /was not renewed in time, so nothing was written/,
  })
  t.equal(await readFile(path, 'utf8'), 'before')
  await withFileLock(path, file => writeFileDurably(file, Buffer.from('after')), { clock })
  t.equal(await readFile(path, 'utf8'), 'after')
  t.strictSame(await readdir(root), ['.env'])
})

t.test('a holder finds out at its next beat that its lock was taken over', async t => {
  const root = await folder(t)
  const lock = join(root, '.env.lock')
  const stopped = testClock()
  const { lease } = await takeLock(lock, taking(stopped))
  const { lease: other } = await takeLock(lock, taking(testClock()))
  if (lease === null || other === null) throw new Error('it did not get the lock')
  t.notOk(lease.lost.aborted)
  for (const beat of stopped.beats) beat()
  while (!lease.lost.aborted) await turn()
  t.throws(() => lease.requireHeld(), { code: 'conflict', message: /was taken over/ })
  await lease.release()
  other.requireHeld()
  await other.release()
  t.strictSame(await readdir(root), [])
})

t.test(
  'a run that lost the lock of its stack finishes what is in flight, begins nothing new, and ends with 12',
  async t => {
    const keys = ['a', 'b', 'c'].map(
      id =>
        `  ${id}: { name: ${id}, scope: all, permissions: [read_scenarios], expires: 90d, store: { env-file: { path: ${id}.env, name: KEY } } }\n`,
    )
    const own = stage(t, { 'fluxloop-keys.yaml': `version: 1\nstack: acme\nkeys:\n${keys.join('')}` })
    const lost = new AbortController()
    const lease = {
      nonce: '0',
      requireHeld: () => undefined,
      lost: lost.signal,
      release: async () => undefined,
    }
    const ran = await own.run('apply --auto-approve --parallelism 1', {
      with: {
        stackLock: async () => ({
          path: '/state/acme.lock',
          take: async () => ({ lease }),
          look: async () => ({ kind: 'free' }),
          free: async () => true,
        }),
        checkpoint: name => {
          if (name === 'after-create') lost.abort()
        },
      },
    })
    t.equal(ran.code, 12, ran.out() + ran.err())
    t.match(ran.err(), 'Another run has taken over or removed /state/acme.lock')
    const live = await own.live()
    t.equal(live.filter(({ ownership }) => ownership.kind === 'managed').length, 1)
    t.match(await own.read('a.env'), 'KEY=flux_')
    t.match(await own.run('apply --auto-approve'), { code: 0 })
  },
)
