// A sample of the wire's faults for the program as users run it; `npm run test:campaigns -- --only wire` plays the whole matrix.
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { whole } from '../support/whole.ts'
import type { FaultName } from './support/fault-table.ts'
import { faults } from './support/faults.ts'
import { type Wire, openWire } from './support/wire.ts'

const configuration = `version: 1
stack: wires
defaults: { expires: 90d, rotate: { maxAge: 60d }, store: { env-file: { path: '{key}.env', name: FLUXLOOP_API_KEY } } }
limits: { rotate: 100% }
keys:
  agents: { name: Agents, scope: all, permissions: [read_scenarios] }
`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly wire: Wire
  readonly run: (line: string, watch?: (child: ChildProcess) => void) => Promise<Ended>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const wire = await openWire(request => platform.send(request))
  t.teardown(() => wire.close())
  await place.write('fluxloop-keys.yaml', configuration)
  return {
    place,
    platform,
    wire,
    run: (line, watch) =>
      place.run(line.split(' '), {
        env: { ...platform.env, FLUXLOOP_API_URL: wire.url },
        ...(watch === undefined ? {} : { watch }),
      }),
  }
}

/** The first request of a method and a path meets the fault, and no other. */
function once(wire: Wire, fault: FaultName, method: string, path: RegExp): void {
  let hit = false
  wire.fault = request => {
    if (hit || request.method !== method || !path.test(new URL(request.url).pathname)) return null
    hit = true
    return faults[fault]
  }
}

async function secretOf(place: Workplace): Promise<string> {
  return /=(flux_\w+)/.exec(await place.read('agents.env'))?.[1] ?? ''
}

const cases: readonly (readonly [FaultName, string, RegExp, number])[] = [
  ['reset before the commit', 'POST', /api-keys$/, 0],
  ['reset after the commit', 'POST', /api-keys$/, 0],
  ['truncated body', 'PATCH', /key_/, 0],
  ['length too short', 'GET', /whoami$/, 0],
  ['429 with a date', 'POST', /api-keys$/, 0],
  ['redirect to another origin', 'POST', /api-keys$/, 4],
  ['HTML for JSON, with a commit', 'POST', /api-keys$/, 4],
  ['200 without a secret', 'POST', /api-keys$/, 1],
]

/** A lost answer, a damaged one, a wait and a refusal. */
const usual: readonly FaultName[] = [
  'reset after the commit',
  'truncated body',
  '429 with a date',
  'HTML for JSON, with a commit',
]

t.test('ends as the table says, in words for people, and the next apply heals it', async t => {
  for (const [fault, method, path, code] of whole
    ? cases
    : cases.filter(([fault]) => usual.includes(fault))) {
    const { place, platform, wire, run } = await scene(t)
    once(wire, fault, method, path)
    const ran = await run('apply --auto-approve --verbose')
    t.equal(ran.code, code, `${fault} at ${method}: ${ran.stderr}`)
    wire.fault = () => null
    await wire.catchUp()
    const healed = await run('apply --auto-approve')
    t.equal(healed.code, 0)
    t.equal((await run('plan --detailed-exitcode')).code, 0)
    const [live, ...more] = await platform.managed()
    t.strictSame(more, [])
    const secret = await secretOf(place)
    t.equal(await platform.holder(secret), live?.id)
    t.strictSame(wire.strays, [], 'nothing goes to another origin')
    const said = [ran, healed].map(({ stdout, stderr }) => stdout + stderr).join('\n')
    t.notMatch(said, /\n\s+at |node:internal|UND_ERR|HPE_|undici/, 'no stack, and nothing that is not ours')
    t.notOk(said.includes(secret) || said.includes(platform.administrator.reveal()), 'no secret')
  }
})

/** The most memory that a process ever took, in MB. Linux only. */
function peakOf(child: ChildProcess): () => number {
  let peak = 0
  void (async () => {
    while (child.exitCode === null && child.signalCode === null) {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8').catch(() => '')
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
      await wait(5)
    }
  })()
  return () => peak
}

t.test('takes a gigabyte in a small answer for what it is, in little memory', async t => {
  if (process.platform !== 'linux') return
  const { wire, run } = await scene(t)
  wire.fault = request => (new URL(request.url).pathname === '/api/api-keys' ? faults['gzip bomb'] : null)
  let peak = () => 0
  const ran = await run('plan', child => (peak = peakOf(child)))
  t.match(ran, { code: 1, stderr: /is larger than 32 MB/ })
  t.ok(peak() > 30, 'it was looked at')
  t.ok(peak() < 400, `${Math.round(peak())} MB`)
})

t.test('goes by the clock of the server, be ours a day ahead or behind', async t => {
  for (const skew of [day, -day]) {
    const { place, platform, run } = await scene(t)
    platform.now += skew
    const steps: readonly (readonly [string, number])[] = [
      ['created', 0],
      ['rotated', 61 * day],
      ['revoked', 4 * day],
    ]
    for (const [what, later] of steps) {
      platform.now += later
      t.match(await run('apply --auto-approve'), { code: 0, stdout: new RegExp(`1 ${what}`) })
      t.equal((await run('plan --detailed-exitcode')).code, 0, 'and nothing is left to do')
    }
    const [live, ...more] = await platform.managed()
    t.strictSame(more, [])
    t.equal(await platform.holder(await secretOf(place)), live?.id)
  }
})
