import { createRequire } from 'node:module'
import t from 'tap'
import { workplace } from '../support/program.ts'

const require = createRequire(import.meta.url)
const { version } = require('../../package.json') as { readonly version: string }

const configuration = (keys: string) => `version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
${keys}`
const backup = `  backup:
    name: Backup
    description: Nightly copies
    owner: data-team
    scope: all
    permissions: [read_scenarios]
    expires: never
`
const second = `  runner:
    name: Runner
    description: Runs them
    scope: [bot]
    permissions: [read_scenarios]
`
const excepted = `    exceptions:
      - { rule: no-expiry, reason: reviewed every quarter, until: UNTIL }
`

interface Report {
  readonly known: number | null
  readonly findings: readonly { readonly rule: string; readonly key: string; readonly fingerprint: string }[]
}

t.test('reports only what is new since a baseline of either kind, wherever the lines moved', async t => {
  const place = await workplace(t)
  const audit = (...args: string[]) => place.run(['audit', '--offline', ...args])
  await place.write('fluxloop-keys.yaml', configuration(backup))
  const before = await audit('--json')
  t.equal(before.code, 6, before.stderr)
  await place.write('before.json', before.stdout)
  const sarif = await audit('--format', 'sarif')
  t.match(JSON.parse(sarif.stdout), { runs: [{ tool: { driver: { version } } }] })
  await place.write('before.sarif', sarif.stdout)

  await place.write('fluxloop-keys.yaml', `# Moved.\n\n${configuration(second + backup)}`)
  for (const baseline of ['before.json', 'before.sarif']) {
    const { code, stdout } = await audit('--json', '--baseline', baseline)
    const { known, findings } = JSON.parse(stdout) as Report
    t.equal(code, 0, 'what is known fails no more')
    t.equal(known, 2, baseline)
    t.strictSame(
      findings.map(({ key, rule }) => `${key} ${rule}`),
      ['runner missing-owner'],
    )
  }
  const again = await audit('--baseline', 'before.json')
  t.match(again.stdout, '2 known from before left out')
  const { findings } = JSON.parse((await audit('--json')).stdout) as Report
  const prints = (JSON.parse(before.stdout) as Report).findings.map(({ fingerprint }) => fingerprint)
  t.strictSame(
    findings.filter(({ key }) => key === 'backup').map(({ fingerprint }) => fingerprint),
    prints,
  )
})

t.test('takes a finding for new whose exception is gone, and says what is not a baseline', async t => {
  const place = await workplace(t)
  const audit = (...args: string[]) => place.run(['audit', '--offline', ...args])
  await place.write('fluxloop-keys.yaml', configuration(backup))
  await place.write('all.json', (await audit('--json')).stdout)
  await place.write('some.json', (await audit('--json', '--baseline', 'all.json')).stdout)
  const refused = async (file: string, message: RegExp) => {
    const { code, stdout, stderr } = await audit('--baseline', file)
    t.equal(code, 2, file)
    t.equal(stdout, '')
    t.match(stderr, message)
  }
  await place.write('list.json', '[1, 2]')
  await place.write(
    'other.sarif',
    '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"eslint"}},"results":[]}]}',
  )
  await place.write('cut.json', '{"format_version": "1.0", "findings": [{}], "stack"')
  await place.write('strange.json', '{"format_version": "1.0", "findings": [{}], "stack": "acme-agents"}')
  const cut = { ...JSON.parse((await audit('--format', 'sarif')).stdout) } as {
    runs: [{ properties: object }]
  }
  cut.runs[0].properties = { ...cut.runs[0].properties, left_out: 3 }
  await place.write('cut.sarif', JSON.stringify(cut))
  await refused('cut.sarif', /has only the worst findings/)
  await refused('missing.json', /The baseline missing\.json cannot be read/)
  for (const file of ['list.json', 'other.sarif', 'cut.json', 'strange.json', 'fluxloop-keys.yaml'])
    await refused(file, /is not a report of an audit/)
  await refused('some.json', /has only what was new/)
  await place.write('fluxloop-keys.yaml', configuration(backup).replaceAll('acme-agents', 'other'))
  await refused('all.json', /is of another stack than other/)

  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  await place.write('fluxloop-keys.yaml', configuration(backup + excepted.replace('UNTIL', until)))
  const answered = await audit('--json')
  t.equal(answered.code, 0, answered.stderr)
  await place.write('answered.json', answered.stdout)
  await place.write('fluxloop-keys.yaml', configuration(backup))
  const gone = await audit('--json', '--baseline', 'answered.json')
  t.equal(gone.code, 6)
  t.strictSame(
    (JSON.parse(gone.stdout) as Report).findings.map(({ rule }) => rule),
    ['no-expiry'],
  )
})

t.test(
  '--format gitlab is a code quality report: each entry at its line, with a fingerprint of its own',
  async t => {
    const place = await workplace(t)
    await place.write('fluxloop-keys.yaml', configuration(backup + second))
    const { code, stdout } = await place.run(['audit', '--offline', '--format', 'gitlab'])
    t.equal(code, 6, 'the exit code is that of the audit')
    const entries = JSON.parse(stdout) as { check_name: string; fingerprint: string }[]
    t.match(
      entries.find(({ check_name }) => check_name === 'no-expiry'),
      {
        severity: 'critical',
        description: /^backup: It never expires\. /,
        location: { path: 'fluxloop-keys.yaml', lines: { begin: 5 } },
        fingerprint: /^[0-9a-f]{32}$/,
      },
    )
    t.equal(new Set(entries.map(({ fingerprint }) => fingerprint)).size, entries.length)
  },
)
