// The built program as a step of a CI job, with commands for every runner in all that others may write. What stands in its log is
// read as the runners do: they may find our own masks, and nothing else.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { hostileText, runnerCommands } from '../support/hostile-texts.ts'
import { type Ended, type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { type PseudoTerminal, openPseudoTerminal } from '../support/pty.ts'
import { type Found, commandsIn } from '../support/runners.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { whole } from '../support/whole.ts'

const quoted = (text: string) => JSON.stringify(text)

/** What a configuration takes for a text: one line, with nothing invisible in it. */
const oneLine = runnerCommands
  .filter(command => !command.includes('\r'))
  .map((command, index) => `${'word '.repeat(index % 4)}${command}`)
  .join(' ')

const configuration = `version: 1
stack: acme
defaults: { expires: 90d, store: { env-file: { path: '{key}.env', name: KEY } } }
prune: { unmanaged: report }
policy:
  rules:
    own: { when: "desired.owner != 'nobody'", message: ${quoted(oneLine)}, severity: low }
keys:
  ci:
    name: "CI ##[stop-commands]tok"
    description: ${quoted(`::stop-commands::tok ##vso[task.setvariable variable=PATH]evil`)}
    owner: ${quoted('::stop-commands::tok ##[group]x ##vso[a.b]c')}
    scope: [agents]
    permissions: [read_scenarios]
    environment: ci
    exceptions: [{ rule: own, reason: ${quoted(oneLine)}, until: ${new Date(Date.now() + 90 * day).toISOString().slice(0, 10)} }]
  second: { name: "::stop-commands::tok", owner: "##vso[a.b]c", scope: all, permissions: [read_scenarios], environment: prod }
`

const failing = `  third:
    name: "##teamcity[a]"
    scope: all
    permissions: [read_scenarios]
    store: { exec: { put: [sh, -c, ${quoted(`cat >/dev/null; cat "$PWD/said" >&2; exit 1`)}], get: [sh, -c, 'cat said; exit 3'] } }
`

/** Whatever a key that nobody manages, and those who used keys, may be called. */
function tampered(value: unknown, managed = false): unknown {
  if (Array.isArray(value)) return value.map(each => tampered(each, managed))
  if (typeof value !== 'object' || value === null) return value
  const fields = value as Record<string, unknown>
  const { description } = fields
  const ours = managed || (typeof description === 'string' && description.includes('[fk'))
  // What the calling key may do is none of this.
  const free = fields['name'] === 'Unmanaged'
  const cut: Readonly<Record<string, number>> = { ip: 100, location: 200, user_agent: 300 }
  const changed: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(fields)) {
    if (each === 'hostile') changed[name] = hostileText.slice(0, 290)
    else if (name in cut) changed[name] = hostileText.slice(0, cut[name])
    else if (name === 'account') changed[name] = hostileText.slice(0, 900)
    else if (!ours && name === 'name' && 'masked_key' in fields) changed[name] = hostileText.slice(0, 900)
    else if (!ours && name === 'description') changed[name] = hostileText
    else if (!ours && name === 'masked_key')
      changed[name] = `flux_ci_****...##[group]${hostileText.slice(0, 100)}`
    else if (free && name === 'permissions') changed[name] = ['read_scenarios', hostileText.slice(0, 250)]
    else if (free && name === 'scope') changed[name] = [hostileText.slice(0, 250), '::group::x']
    else if (['by_operation', 'by_project'].includes(name))
      changed[name] = { [hostileText.slice(0, 250)]: 3, '::group::x': 2, read_scenarios: 1 }
    else changed[name] = tampered(each, ours)
  }
  if ('masked_key' in fields) {
    changed['last_used_at'] ??= fields['created_at']
    changed['last_used'] = {
      ip: '::group::x',
      location: hostileText.slice(0, 200),
      user_agent: hostileText.slice(0, 300),
    }
  }
  return changed
}

type Step = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  /** Runs a command line as a step of a job; both streams go into one log. */
  readonly step: Step
  /** The same for most lines in `npm test`: outside of a job the same words are guarded, and it takes a tenth of the time. */
  readonly line: Step
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  let made = 0
  const platform = await servedPlatform(t, {
    makeSecret: prefix => `${prefix}sentinel${String((made += 1)).padStart(24, '0')}`,
  })
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${platform.administrator.reveal()}` }
    const answer = await platform.send(
      new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
    )
    if (answer.status !== 201) throw new Error(await answer.text())
  }
  for (const name of ['agents', 'hostile']) await post('/api/projects', { name })
  await post('/api/api-keys', { name: 'Unmanaged', scope: '*', permissions: ['read_scenarios'] })
  platform.before = async request => {
    if (request.method !== 'GET') return null
    const answer = await platform.send(request)
    const { status, headers } = answer
    return new Response(JSON.stringify(tampered(await answer.json())), { status, headers })
  }
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('said', hostileText)
  // The shell around it is the runner, whose own environment does not say that it is a job.
  const shell = `env GITHUB_ACTIONS=true bash -c '"$@" 2>&1' bash "$@"; exit $?`
  let lines = 0
  const step: Step = (args, env = {}) =>
    ended('bash', ['-c', shell, 'bash', ...asUsersDo, ...args], {
      cwd: place.work,
      env: { ...place.env, ...platform.env, ...env },
    })
  return {
    place,
    platform,
    step,
    line: async (args, env = {}) => {
      lines += 1
      if (whole || lines % 6 === 1) return await step(args, env)
      const end = await place.run(args, { env: { ...platform.env, ...env } })
      return { ...end, stdout: end.stdout + end.stderr }
    },
  }
}

/** Commands other than our masks: of secrets that the platform issued, and of what doctor tries stores with. */
function foreign(found: readonly Found[]): readonly Found[] {
  return found.filter(
    ({ runner, command, data }) =>
      !(
        runner === 'GitHub ::' &&
        command === 'add-mask' &&
        /^(?:flux_[a-z]+_sentinel\d+|no-secret-\w+)$/.test(data)
      ),
  )
}

/** Nothing but masks, and the test reached what it should: without the door the log would have had the text in it. */
function requireInert(
  t: Test,
  log: string,
  name: string,
  options: { readonly patches?: boolean } = {},
): void {
  t.strictSame(foreign(commandsIn(log, options)), [], name)
}

const inColourToo = new Set([
  'plan --stores',
  'audit',
  'apikeys list',
  'calendar',
  'projects list',
  'auth status',
])

const shows = /(?:\\|&#92;)u00(?:5b|3a)/

t.test('no command and no format lets a runner find a command in what others wrote', async t => {
  const { place, line: step } = await scene(t)
  const all: readonly (readonly [line: string, showsForeign: boolean])[] = [
    ['validate', false],
    ['validate --json', false],
    ['plan --verbose', true],
    ['plan --stores', true],
    ['plan --json', true],
    ['plan --out plan.json', true],
    ['apply plan.json --log runs.log', true],
    ['apply --auto-approve --json', true],
    ['plan --at +80d', true],
    ['plan --drift', false],
    ['rotate ci --auto-approve --reason ::group::x --log runs.log', true],
    ['verify', false],
    ['verify --json', false],
    ['calendar', false],
    ['calendar --json', true],
    ['history --log runs.log', true],
    ['history --log runs.log --json', true],
    ['doctor', true],
    ['doctor --json', true],
    ['audit', true],
    ['audit --offline', true],
    ...['json', 'sarif', 'junit', 'markdown', 'csv'].map(
      format => [`audit --format ${format}`, true] as const,
    ),
    ['audit --fix', false],
    ['import --all', true],
    ['apikeys list', true],
    ['apikeys list --show-keys --managed', true],
    ['apikeys list --json', true],
    ['apikeys create --name ##[group]x --description ::group::x --json', true],
    ['apikeys create --name ::group::x --quiet', false],
    ['apikeys create --name ##[group]y --store env-file:##[group]y', true],
    ['projects list', true],
    ['projects list --json', true],
    ['auth status', true],
    ['auth status --json', true],
    ['auth whoami', true],
    ['auth whoami --json', true],
    ['unlock', false],
    ['__complete 1 apikeys show', false],
    ['secret get ci', false],
    ['env A=ci --format github-env', false],
  ]
  for (const [line, showsForeign] of all) {
    for (const env of inColourToo.has(line) ? [{}, { FORCE_COLOR: '1' }] : [{}]) {
      const { code, stdout: log } = await step(line.split(' '), env)
      const patches = line.startsWith('audit --fix') || line.startsWith('import')
      requireInert(t, log, line, { patches })
      if (showsForeign) t.match(log, shows, `${line} shows what others wrote: ${log.slice(0, 3000)}`)
      t.notMatch(log, /Internal error/, line)
      t.ok(code !== null, line)
    }
  }
  for (const file of ['plan.json', 'runs.log']) requireInert(t, await place.read(file), file)
})

t.test('nor do errors: of arguments, files, variables, stores and the platform', async t => {
  const { place, platform, line: step } = await scene(t)
  for (const word of ['::stop-commands::tok ##[group]x', `x ${oneLine}`]) {
    const isShort = !word.startsWith('x')
    const lines = [
      [word],
      ['apikeys', word],
      ['plan', word],
      ['plan', `--${word}`],
      ['plan', '--only', word],
      ['plan', '--at', word],
      ['plan', '-c', word],
      ['plan', '--out', `${word}/x`],
      ['plan', '--api-url', word],
      ['plan', '--profile', word],
      ['apply', word],
      ['apply', '--auto-approve', '--log', `${word}/x`],
      ['rotate', word],
      ['secret', 'get', word],
      ['exec', 'ci', '--', word],
      ['env', 'ci', '--format', word],
      ['audit', '--format', word],
      ['audit', '--baseline', word],
      ['import', word, '--stack', 'a'],
      ['apikeys', 'show', word],
      ['apikeys', 'list', '--project', word],
      ['apikeys', 'create', '--name', 'x', '--permissions', word],
      ['apikeys', 'create', '--name', 'x', '--scope', word],
      ['apikeys', 'create', '--name', 'x', '--store', word],
      ['completion', word],
    ]
    const every = isShort ? 1 : 6
    for (const line of lines.filter((_, index) => index % every === 0)) {
      const { code, stdout } = await step(line)
      requireInert(t, stdout, line.join(' '))
      t.not(code, null)
    }
    if (!isShort) continue
    for (const env of [
      { FLUXLOOP_API_KEY: word },
      { FLUXLOOP_API_URL: `https://${word}` },
      { FLUXLOOP_KEYS_LOG: `${word}/x` },
      { HTTP_PROXY: word, HTTPS_PROXY: word },
    ]) {
      const { stdout } = await step(['apply', '--auto-approve'], env)
      requireInert(t, stdout, JSON.stringify(env))
    }
    await mkdir(join(place.work, word), { recursive: true })
    await writeFile(join(place.work, word, `${word}.yaml`), `version: 1\n${word}: [\n  ${word}: ${word}\n`)
    await writeFile(
      join(place.work, word, 'b.yaml'),
      `version: 1\nstack: a\n? "${word}"\n: "${word}"\nkeys: { a: { name: "${word}", scope: "${word}" } }\n`,
    )
    for (const file of [word, join(word, 'b.yaml')]) {
      const read = await step(['validate', '-c', file])
      requireInert(t, read.stdout, `${file}: ${read.stdout}`)
      t.equal(read.code, 2)
      t.match(read.stdout, shows)
    }
  }

  await place.write('fluxloop-keys.yaml', configuration + failing)
  const stored = await step(['apply', '--auto-approve'])
  requireInert(t, stored.stdout, 'what the program of a store says')

  const detail = [{ loc: ['body', hostileText.slice(0, 90)], msg: hostileText.slice(0, 290) }]
  const words = { code: '::group::x', required: ['##[group]x'], current: ['::group::x'], name: hostileText }
  const answers: readonly (readonly [status: number, body: string | object])[] = [
    [401, { detail: hostileText, ...words, code: 'expired_key' }],
    [403, { detail: hostileText, ...words }],
    [422, { detail, ...words }],
    [500, hostileText],
    [200, hostileText],
    [200, { api_keys: [{ id: '##[group]x' }] }],
    [200, { api_keys: [{ id: 'key_a', name: 3, '##[group]x': 1 }], next_cursor: '##[group]x' }],
  ]
  for (const [status, body] of answers) {
    platform.before = async () =>
      new Response(typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers: { 'content-type': '##[group]x', location: '::group::x', 'retry-after': '0' },
      })
    const { code, stdout } = await step(['apikeys', 'list', '--verbose'])
    requireInert(t, stdout, `${status} ${JSON.stringify(body).slice(0, 80)}`)
    // A list that has a key which cannot be understood names it, and is printed.
    t.equal(code === 0, typeof body === 'object' && 'api_keys' in body)
  }
})

t.test('nor does a terminal of any width, where lines are rewritten', async t => {
  const { place, platform } = await scene(t)
  const open = (args: readonly string[], columns: number): PseudoTerminal => {
    const terminal = openPseudoTerminal(t, place, args, platform.env)
    terminal.resize(columns)
    return terminal
  }
  for (const columns of whole ? [40, 80, 100, 400] : [40, 100]) {
    for (const line of [
      'apply --auto-approve',
      'plan',
      'apikeys list',
      'audit',
      'rotate ci --auto-approve',
    ]) {
      const terminal = open(line.split(' '), columns)
      await terminal.ended
      requireInert(t, terminal.raw(), `${columns}: ${line}`)
      if (!line.startsWith('rotate')) t.match(terminal.raw(), shows, line)
    }
  }
  const asking = open(['import'], 60)
  await asking.until(/Keys to import[^]*\\u00/)
  asking.type('\u0003')
  await asking.ended
  requireInert(t, asking.raw(), 'a checklist')
})

t.test('a stored text that is a command is not a secret, and is not printed', async t => {
  const { place, step } = await scene(t)
  for (const text of [runnerCommands[0], '::stop-commands::tok', 'x##vso[a.b]']) {
    await place.write('ci.env', `KEY='${text}'\n`)
    for (const line of [
      'secret get ci',
      'env A=ci',
      'env A=ci --format github-env',
      'env A=ci --format json',
    ]) {
      const { code, stdout } = await step(line.split(' '))
      t.equal(code, 1, line)
      t.strictSame(
        commandsIn(stdout).filter(({ command }) => command !== 'add-mask'),
        [],
        line,
      )
    }
  }
})
