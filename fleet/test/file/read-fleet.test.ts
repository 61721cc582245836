import { join, dirname } from 'node:path'
import t from 'tap'
import { day, hour, minute, year } from '../../../src/model/duration.ts'
import { readFleet } from '../../src/file/read-fleet.ts'
import { fleetDigest, stackDigest } from '../../src/file/fleet-digest.ts'
import { fleetOf, folderWith, oneAccount } from '../support/fleet-folder.ts'

t.test('fills in every default of a stack that says nothing', async t => {
  const fleet = await fleetOf(t, `${oneAccount}stacks:\n  - { name: agents, folder: teams/agents }\n`)
  t.strictSame(fleet.stacks, [
    {
      name: 'agents',
      source: { kind: 'folder', path: join(dirname(fleet.file), 'teams/agents') },
      config: [],
      account: { name: 'acme', apiUrl: 'https://api.fluxloop.ai', credential: { kind: 'env', name: 'KEY' } },
      mode: 'plan',
      interval: hour,
      jitter: hour / 10,
      windows: [],
      priority: 'normal',
      owner: null,
      programs: [],
      variables: [],
    },
  ])
  t.strictSame(fleet.notifiers, [])
  t.equal(fleet.retention, year)
})

t.test('takes from the defaults what a stack does not say, and nothing of what it says', async t => {
  const { stacks } = await fleetOf(
    t,
    `version: 1
accounts:
  acme: { credential: { env: KEY } }
  beta: { credential: { file: beta.key }, api-url: https://staging.api.fluxloop.ai/ }
defaults:
  account: beta
  mode: apply
  interval: 1d
  jitter: 5m
  owner: platform-team
  priority: low
  variables: [VAULT_TOKEN, VAULT_ADDR]
  windows: [{ from: "22:00", to: "06:00" }]
stacks:
  - { name: b, folder: b }
  - name: a
    folder: a
    account: acme
    mode: plan
    interval: 1m
    owner: data-team
    priority: high
    variables: []
    windows: []
`,
  )
  t.match(stacks, [
    {
      name: 'a',
      account: { name: 'acme' },
      mode: 'plan',
      interval: minute,
      owner: 'data-team',
      priority: 'high',
    },
    {
      name: 'b',
      account: { name: 'beta', apiUrl: 'https://staging.api.fluxloop.ai', credential: { kind: 'file' } },
      mode: 'apply',
      interval: day,
      jitter: 5 * minute,
      owner: 'platform-team',
      variables: ['VAULT_ADDR', 'VAULT_TOKEN'],
      windows: [{ from: 22 * 60, to: 6 * 60, timeZone: 'UTC', days: { length: 7 } }],
    },
  ])
  t.equal(stacks[0]?.jitter, minute, 'at most the interval')
  t.strictSame(stacks[0]?.windows, [])
  t.strictSame(stacks[0]?.variables, [])
})

t.test('reads each way to a credential and to a configuration, and each notifier', async t => {
  const fleet = await fleetOf(
    t,
    `version: 1
accounts:
  a: { credential: { exec: [vault, kv, get, secret/a] } }
  b: { credential: { keychain: { service: fluxloop, account: b } } }
  c: { credential: { file: /run/secrets/c } }
stacks:
  - { name: a, account: a, git: { url: "https://git.example.com/a.git", revision: v1.2 } }
  - { name: b, account: b, git: { url: "ssh://git@git.example.com:2222/b.git", revision: main, path: ./keys/ } }
  - { name: c, account: c, folder: c, config: [keys/*.yaml] }
notify:
  - webhook: { url: "https://hooks.example.com/x", secret: { env: HOOK } }
    owners: [data-team]
  - slack: { url: { file: slack.url } }
    events: [ending, failing]
  - exec: [page, --now]
retention: 30d
`,
  )
  t.strictSame(
    fleet.stacks.map(({ account: { credential } }) => credential),
    [
      { kind: 'exec', line: ['vault', 'kv', 'get', 'secret/a'] },
      { kind: 'keychain', service: 'fluxloop', account: 'b' },
      { kind: 'file', path: '/run/secrets/c' },
    ],
  )
  t.match(
    fleet.stacks.map(({ source }) => source),
    [
      { kind: 'git', url: 'https://git.example.com/a.git', revision: 'v1.2', path: '.' },
      { kind: 'git', url: 'ssh://git@git.example.com:2222/b.git', revision: 'main', path: 'keys' },
      { kind: 'folder' },
    ],
  )
  t.strictSame(fleet.stacks[2]?.config, ['keys/*.yaml'])
  const all = ['in-sync', 'drifted', 'failing', 'ending']
  t.strictSame(fleet.notifiers, [
    {
      target: {
        kind: 'webhook',
        url: 'https://hooks.example.com/x',
        secret: { kind: 'env', name: 'HOOK' },
      },
      events: all,
      owners: ['data-team'],
    },
    {
      target: { kind: 'slack', url: { kind: 'file', path: join(dirname(fleet.file), 'slack.url') } },
      events: ['failing', 'ending'],
      owners: [],
    },
    { target: { kind: 'exec', line: ['page', '--now'] }, events: all, owners: [] },
  ])
  t.equal(fleet.retention, 30 * day)
})

t.test('reads the same from a file with a byte order mark and the line breaks of Windows', async t => {
  const text = `${oneAccount}stacks:\n  - { name: agents, folder: agents }\n`
  const plain = await fleetOf(t, text)
  const strange = await fleetOf(t, `\ufeff${text.replaceAll('\n', '\r\n')}`)
  t.equal(fleetDigest(strange), fleetDigest(plain))
})

t.test('the example is valid, and discovers stacks once there are some', async t => {
  const example = new URL('../../../examples/fleet.yaml', import.meta.url)
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(example, 'utf8')
  const fleet = await fleetOf(t, text, { 'teams/search/fluxloop-keys.yaml': '', 'teams/x/other.yaml': '' })
  t.strictSame(
    fleet.stacks.map(({ name }) => name),
    ['agents', 'payments', 'robotics', 'teams/search'],
  )
})

t.test('two fleets have one digest where they mean the same, wherever they lie', async t => {
  const one = await fleetOf(
    t,
    `${oneAccount}stacks:\n  - { name: a, folder: a }\n  - { folder: b, name: b, mode: plan }\n`,
  )
  const other = await fleetOf(
    t,
    `# another order\n${oneAccount}stacks:\n  - { name: b, folder: ./b }\n  - { name: a, folder: a }\n`,
  )
  const changed = await fleetOf(
    t,
    `${oneAccount}stacks:\n  - { name: a, folder: a }\n  - { name: b, folder: b, mode: apply }\n`,
  )
  t.equal(fleetDigest(one), fleetDigest(other))
  t.not(fleetDigest(one), fleetDigest(changed))
  const digests = [one, other, changed].map(fleet => fleet.stacks.map(stack => stackDigest(fleet, stack)))
  t.strictSame(digests[0], digests[1])
  t.equal(digests[0]?.[0], digests[2]?.[0], 'a stack whose entry did not change')
  t.not(digests[0]?.[1], digests[2]?.[1])
})

t.test('reads a fleet of 10,000 stacks', async t => {
  const entries = Array.from({ length: 10_000 }, (_, index) => `  - { name: s${index}, folder: s${index} }\n`)
  const { stacks } = await fleetOf(t, `${oneAccount}stacks:\n${entries.join('')}`)
  t.equal(stacks.length, 10_000)
})

t.test('names the file relative to the working directory', async t => {
  const cwd = await folderWith(t, { 'fleets/fleet.yaml': 'version: 2\n' })
  const read = await readFleet('fleets/fleet.yaml', { cwd })
  t.match(read, { ok: false, diagnostics: [{ file: 'fleets/fleet.yaml' }, { file: 'fleets/fleet.yaml' }] })
})
