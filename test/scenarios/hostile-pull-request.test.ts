// Pull requests whose author is not to be trusted, and plans that nobody reviewed.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Workflow, workflow } from '../support/workflow.ts'

const store = (id: string) => `{ github-actions: { repo: acme/agents, name: ${id.toUpperCase()} } }`
const keyLines = (id: string, expires = '90d', more = '') => `
  ${id}:
    name: "${id}"
    scope: all
    permissions: [read_scenarios]
    expires: ${expires}
    store: ${store(id)}${more}`

const strict = `version: 1
stack: acme
limits: { revoke: 10%, always: 1 }
prune: { unmanaged: revoke, keep: ["Admin *"] }
marker: { publicKeys: ["MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="] }
policy: { failOn: high, severity: { no-expiry: high } }
keys:${keyLines('guarded', '90d', '\n    protect: true')}
`

t.test(
  'a pull request that loosens what judges it is judged by its base, runs nothing, and sends nothing elsewhere',
  async t => {
    const calls: string[] = []
    const elsewhere = createServer((request, response) => {
      calls.push(`${request.method ?? ''} ${request.url ?? ''}`)
      response.end('{}')
    })
    await new Promise<void>(done => elsewhere.listen(0, '127.0.0.1', () => done()))
    t.teardown(() => new Promise<void>(done => void elsewhere.close(() => done())))
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    const { step, platform, open, secrets } = await workflow(t, { 'fluxloop-keys.yaml': strict })
    const ran = join(secrets, 'ran')
    const name = '@org/team #1 <img src=x> ![x](https://evil.example) ```` ::error::x ##[error]x'
    const loose = `version: 1
stack: acme
limits: { revoke: 100%, always: 100 }
prune: { unmanaged: revoke, keep: [] }
policy: { failOn: critical }
keys:${keyLines('guarded')}${keyLines('forever', 'never', '\n    exceptions: [{ rule: no-expiry, reason: because, until: 2026-12-31 }]')}
  program:
    name: "${name}"
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { exec: { put: [touch, ${ran}], get: [touch, ${ran}], remove: [touch, ${ran}] } }
`
    const pull = open('hostile', {
      'fluxloop-keys.yaml': loose,
      '.fluxloop/project.json': JSON.stringify({ api_url: url }),
    })
    const ended = await step('plan', { pull })
    t.equal(ended.code, 6, ended.log)
    t.match(ended.outputs, { 'exit-code': '6', digest: '', 'plan-file': '' })
    const body = pull.comments[0]?.body ?? ''
    for (const what of [
      '`policy`',
      '`limits`',
      '`prune.keep`',
      '`protect`',
      '`exceptions`',
      '`marker`',
      'project.json',
    ])
      t.ok(body.includes(what), `the comment says that the base has the word on ${what}`)
    t.match(body, /Refused:.*no-expiry/)
    t.match(body, /Nothing is approved by merging this/)
    t.notMatch(body, /Sandbox administrator.*will be revoked|# key_\w+ will be revoked/)
    t.notOk(existsSync(ran), 'nothing was run')
    t.strictSame(calls, [], 'nothing was sent elsewhere')
    t.strictSame(
      platform.requests.filter(call => !call.startsWith('GET ')),
      [],
    )

    // What is not in letters of one width has no mark that means anything.
    const outside = body.replace(/^(`{3,})\n[^]*?\n\1$/gm, '')
    for (const text of [outside, ended.summary.replace(/^(`{3,})\n[^]*?\n\1$/gm, '')]) {
      t.notMatch(text, /@org|(?<!&)#1\b|<img|!\[x\]/)
    }
    t.notMatch(ended.log, /^::error::x/m)
    t.notMatch(ended.log, /##\[error\]x/)
  },
)

t.test(
  'a pull request names no file outside the repository, and no package that its base does not use',
  async t => {
    const { step, github, platform, open } = await workflow(t, { 'fluxloop-keys.yaml': strict })
    const rows: readonly (readonly [branch: string, files: Parameters<Workflow['open']>[1], says: RegExp])[] =
      [
        [
          'path',
          { 'fluxloop-keys.yaml': `${strict}extends: ../../../../../../etc/passwd\n` },
          /leads out of the repository/,
        ],
        [
          'absolute',
          { 'fluxloop-keys.yaml': `${strict}extends: /etc/passwd\n` },
          /leads out of the repository/,
        ],
        [
          'package',
          { 'fluxloop-keys.yaml': `${strict}extends: "@evil/policy"\n` },
          /does not use the package @evil\/policy/,
        ],
        [
          'link',
          { 'fluxloop-keys/keys.yaml': { leadsTo: '/etc/passwd' } },
          /The file is gone|links? (?:leads|out|cannot)|link/,
        ],
      ]
    for (const [branch, files, says] of rows) {
      const pull = open(branch, files)
      const ended = await step('plan', { pull })
      t.equal(ended.code, 2, `${branch}: ${ended.log}`)
      t.match(ended.log, says, branch)
      t.notMatch(ended.log + (pull.comments[0]?.body ?? ''), /root:/)
    }
    t.ok(github.checks.every(({ conclusion }) => conclusion === 'failure'))
    t.strictSame(platform.requests, [])
  },
)

t.test('plans that were not reviewed as they are now are refused, whichever way they came', async t => {
  const { step, github, platform, open, push, approve, merge, secrets } = await workflow(t, {
    'fluxloop-keys/acme.yaml': 'version: 1\nstack: acme\nkeys: {}\n',
  })
  const file = (id: string, expires = '90d') => ({
    'fluxloop-keys/acme.yaml': 'version: 1\nstack: acme\nkeys: {}\n',
    [`fluxloop-keys/${id}.yaml`]: `version: 1\nstack: acme\nkeys:${keyLines(id, expires)}\n`,
  })
  const planned = async (id: string) => {
    const pull = open(id, file(id))
    const { code, log, run } = await step('plan', { pull })
    t.equal(code, 0, log)
    const its = github.runs.get(run)
    if (its === undefined) throw new Error('no run')
    return { pull, run: its }
  }
  const fork = await planned('a')
  fork.run.head_repository = { full_name: 'evil/agents' }
  const other = await planned('b')
  other.run.path = '.github/workflows/other.yml'
  const edited = await planned('c')
  const [comment] = edited.pull.comments
  if (comment !== undefined) comment.body = comment.body.replace('will be created', 'will be left alone')
  // The plan of a former commit, in the place of that of the last one.
  const replayed = await planned('d')
  const [old] = replayed.run.artifacts
  push(replayed.pull, file('d', '180d'))
  const { run } = await step('plan', { pull: replayed.pull })
  const last = github.runs.get(run)
  last?.artifacts.splice(0)
  if (last !== undefined && old !== undefined) last.artifacts.push(old)
  const forged = await planned('e')
  const genuine = github.checks.find(({ head_sha }) => head_sha === forged.pull.head)
  if (genuine === undefined) throw new Error('no check run')
  github.checks.push({
    ...genuine,
    ...{ id: 1_000_000, app: { slug: 'evil' }, external_id: `v1:${'0'.repeat(64)}:-:${run}` },
  })
  const pushed = await planned('f')
  pushed.run.event = 'push'
  const moved = await planned('g')
  moved.run.head_sha = '0'.repeat(40)
  for (const { pull } of [fork, other, edited, replayed, forged, pushed, moved]) {
    approve(pull)
    merge(pull)
  }
  platform.forget()
  const applied = await step('apply')
  t.equal(applied.code, 0, applied.log)
  const reasons = {
    1: /another repository/,
    2: /workflow \.github\/workflows\/other\.yml/,
    3: /comment with its plan was edited/,
    4: /another plan than the one that was reviewed/,
    6: /started by push/,
    7: /another commit than the one that was merged/,
  }
  for (const [number, why] of Object.entries(reasons))
    t.match(applied.summary, new RegExp(`#&#8203;${number}: .*${why.source}`))
  t.match(applied.summary, /1 change applied.*#&#8203;5/, 'the check run of another app changes nothing')
  t.match(applied.outputs, { changes: '6' })
  t.strictSame(await readdir(secrets), ['E'])
  t.strictSame(
    (await platform.managed()).map(({ name }) => name),
    ['e'],
  )
})
