// Damaged files before the built program: an exit code that DESIGN has for it, words for people, and nothing else happens.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fc, seedOfThisRun } from '../support/properties.ts'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { stackLock } from '../../src/runtime/open-stack-lock.ts'
import { cases, mutatedText, unsafe } from '../support/fuzz.ts'
import { type Ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const sentinel = 'sEntinel'

const configuration = `version: 1
stack: acme
extends: ./policy.yaml
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios, upload_results]
    expires: 90d
    store: { env-file: { path: agents.env, name: FLUXLOOP_API_KEY } }
`

const policy = `policy:
  failOn: critical
  rules:
    own: { when: "usage.byProject.exists(p, p != 'bot') || desired.owner == null", message: Own, severity: low }
`

/** Which codes a command may end with, other than 0. */
const codes: Readonly<Record<string, readonly number[]>> = {
  validate: [2],
  plan: [2, 3, 4, 5, 6],
  apply: [2, 6, 12],
  audit: [2, 6],
  unlock: [1, 2, 5, 12],
  history: [1, 2],
}

function requireWords(t: Test, line: string, { code, signal, stdout, stderr }: Ended): void {
  const [command = ''] = line.split(' ')
  const output = stdout + stderr
  t.equal(signal, null, 'no signal ends it')
  t.ok(code === 0 || codes[command]?.includes(code ?? -1), `${line}: ${code ?? ''}`)
  t.notMatch(output, /^\s+at .+:\d+:\d+|unexpected \w*Error|RangeError|TypeError|SyntaxError/im, line)
  t.notMatch(output, unsafe, line)
  t.notMatch(output, sentinel, line)
}

async function scene(t: Test) {
  const place = await workplace(t)
  let made = 0
  const platform = await servedPlatform(t, {
    makeSecret: prefix => `${prefix}${sentinel}${String((made += 1)).padStart(24, '0')}`,
  })
  const state = join(place.root, 'state')
  const env = { ...platform.env, XDG_STATE_HOME: state }
  const run = (line: string, more: Readonly<Record<string, string | undefined>> = {}) =>
    place.run(line.split(' '), { loaded: ['leaping-lease.mjs'], env: { ...env, ...more } })
  const begun = async (line: string) => {
    const ended = await run(line)
    if (ended.code !== 0) throw new Error(`${line}: ${ended.stderr}`)
    return ended
  }
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('policy.yaml', policy)
  await begun('apply --auto-approve --log runs.log')
  platform.now += 31 * day
  await begun('audit')
  await place.write('baseline.json', (await begun('audit --json')).stdout)
  await place.write('baseline.sarif', (await begun('audit --format sarif')).stdout)
  await begun('plan --out plan.json')
  await place.write('.fluxloop/project.json', JSON.stringify({ api_url: platform.url }))
  const lock = stackLock({ origin: new URL(platform.url).origin, stack: 'acme' }, { XDG_STATE_HOME: state })
  const { lease } = await lock.take({ command: 'apply', patience: 0, onWait: () => undefined })
  const lockText = await readFile(lock.path, 'utf8')
  await lease?.release()
  const caches = join(place.root, 'home', '.cache', 'fluxloop-keys')
  const [cache = ''] = await readdir(caches)
  return { place, platform, run, lock: { path: lock.path, text: lockText }, cache: join(caches, cache) }
}

t.test('whatever file is damaged, the program says so and changes nothing', async t => {
  const { place, platform, run, lock, cache } = await scene(t)
  const inWork = (name: string) => join(place.work, name)
  const files: readonly (readonly [
    path: string,
    lines: readonly string[],
    env?: Readonly<Record<string, undefined>>,
  ])[] = [
    [inWork('fluxloop-keys.yaml'), ['validate', 'plan']],
    [inWork('policy.yaml'), ['validate']],
    [inWork('plan.json'), ['apply plan.json']],
    [inWork('baseline.json'), ['audit --offline --baseline baseline.json']],
    [inWork('baseline.sarif'), ['audit --offline --baseline baseline.sarif']],
    [inWork('runs.log'), ['history --log runs.log']],
    [inWork('.fluxloop/project.json'), ['plan'], { FLUXLOOP_API_URL: undefined }],
    [cache, ['audit']],
    [lock.path, ['apply --auto-approve --lock-timeout 0s', 'unlock']],
  ]
  t.comment(`SEED=${seedOfThisRun}`)
  const before = await platform.managed()
  const secret = await place.read('agents.env')
  for (const [index, [path, lines, env = {}]] of files.entries()) {
    const sample = path === lock.path ? lock.text : await readFile(path, 'utf8')
    t.not(sample, '', path)
    for (const damaged of fc.sample(mutatedText([sample]), {
      numRuns: cases(3),
      seed: seedOfThisRun + index,
    })) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, damaged)
      for (const line of lines) requireWords(t, line, await run(line, env))
    }
    await writeFile(path, sample)
  }
  t.strictSame(await platform.managed(), before, 'the platform is as it was')
  t.equal(await place.read('agents.env'), secret)
  await run('unlock --force')
  t.match(await run('plan'), { code: 0, stdout: /No changes/ })
})
