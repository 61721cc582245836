// A pull request's whole life on GitHub: the action's bundle as the runner runs it, a stand-in for GitHub's API over a bare
// repository, and a platform that counts.
import { readFile, readdir } from 'node:fs/promises'
import t from 'tap'
import { day } from '../../src/model/duration.ts'
import { type Step, workflow } from '../support/workflow.ts'

const key = (id: string, permissions = 'read_scenarios') => `
version: 1
stack: acme
keys:
  ${id}:
    name: ${id}
    scope: all
    permissions: [${permissions}]
    expires: 90d
    store: { github-actions: { repo: acme/agents, name: ${id.toUpperCase()} } }
`

/** One file a key, so that pull requests do not conflict. */
const keys = (...ids: readonly (string | readonly [id: string, permissions: string])[]) =>
  Object.fromEntries(
    ids.map(each => {
      const [id, permissions = 'read_scenarios'] = typeof each === 'string' ? [each] : each
      return [`fluxloop-keys/${id}.yaml`, key(id, permissions)]
    }),
  )

const writesOf = (requests: readonly string[]) => requests.filter(call => !call.startsWith('GET '))

t.test('plans, plans again, and applies what was reviewed once it is merged', async t => {
  const { step, github, platform, open, push, approve, merge, secrets } = await workflow(t, keys('first'))
  const pull = open('add', keys('first', 'second'))
  const done = async (command: string, options: Parameters<typeof step>[1] = {}): Promise<Step> => {
    github.calls.splice(0)
    platform.forget()
    const ended = await step(command, options)
    t.equal(ended.code, 0, ended.log)
    if (options.pull !== undefined) t.strictSame(writesOf(platform.requests), [], 'GET alone')
    return ended
  }

  const opened = await done('plan', { pull })
  t.match(opened.outputs, { changes: '2', widens: 'false', 'exit-code': '0', digest: /^[0-9a-f]{64}$/ })
  t.match(opened.summary, /Plan: 2 to create/)
  t.match(pull.comments, [{ body: /Plan: 2 to create/ }])
  t.strictSame(platform.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
  t.equal(github.calls.length, 13, github.calls.join('\n'))
  const [check] = github.checks
  t.match(check, { head_sha: pull.head, conclusion: 'success' })
  t.ok(check?.external_id.includes(opened.outputs['digest'] ?? 'none'))

  await done('plan', { pull })
  t.strictSame(github.writes(), [], 'an unchanged rerun writes nothing')
  t.equal(github.calls.length, 10, github.calls.join('\n'))

  const id = pull.comments[0]?.id
  const former = pull.head.slice(0, 7)
  push(pull, keys('first', 'second', 'third'))
  await done('plan', { pull })
  t.match(pull.comments, [{ id, body: /Plan: 3 to create/ }], 'edited in place')
  t.match(pull.comments[0]?.body, new RegExp(`Former plans[^]*${former}.: Plan: 2 to create`))

  approve(pull)
  merge(pull)
  const applied = await done('apply')
  t.match(applied.summary, /3 changes applied/)
  t.match(applied.outputs, { changes: '0', 'exit-code': '0' })
  t.strictSame((await readdir(secrets)).sort(), ['FIRST', 'SECOND', 'THIRD'])
  t.equal((await platform.managed()).length, 3)
  t.strictSame(github.downloads, [undefined], 'the token stays with the API')
  t.equal(github.calls.length, 15, github.calls.join('\n'))

  const idle = await done('apply')
  t.match(idle.summary, /Nothing that was approved is left/)
  t.strictSame(writesOf(platform.requests), [], 'none twice')

  const wider = open('wider', keys('first', 'second', 'third', 'fourth'))
  await done('plan', { pull: wider })
  const before = wider.comments[0]?.id
  push(wider, keys(['first', 'read_scenarios, upload_results'], 'second', 'third', 'fourth'))
  const widened = await done('plan', { pull: wider })
  t.match(widened.outputs, { widens: 'true' })
  t.match(
    widened.log,
    /::warning file=fluxloop-keys\/first.yaml,line=5,title=Widens access::first is granted more/,
  )
  t.equal(wider.comments.length, 1)
  t.not(wider.comments[0]?.id, before, 'posted anew, since an edit notifies nobody')
  t.match(wider.comments[0]?.body, /Widens or ends access[^]*first will be rotated[^]*Other changes|Changes/)

  approve(wider)
  await done('plan', { pull: wider })
  t.strictSame(github.writes(), [], 'a review stays')
  merge(wider)
  const given = await done('apply')
  t.match(given.summary, /2 changes applied/)
  t.match(given.outputs, { changes: '0' })
  const granted = (await platform.managed()).filter(({ permissions }) => permissions.length === 2)
  t.strictSame(
    granted.map(({ name }) => name),
    ['first'],
  )
})

t.test('applies the approved changes of three merges together, and none that nobody approved', async t => {
  const { step, platform, open, approve, merge } = await workflow(t, keys())
  const pulls = ['a', 'b', 'c'].map(id => open(id, keys(id)))
  const unplanned = open('d', keys('d'))
  for (const pull of pulls) t.equal((await step('plan', { pull })).code, 0)
  for (const pull of [...pulls, unplanned]) {
    approve(pull)
    merge(pull)
  }
  const applied = await step('apply')
  t.equal(applied.code, 0, applied.log)
  t.match(applied.summary, /3 changes applied.*#&#8203;1, #&#8203;2, #&#8203;3/)
  t.match(applied.summary, /#&#8203;4: its last commit has no plan/)
  t.match(applied.summary, /1 change that nobody approved waits for a review[^]*d will be created/)
  t.match(applied.outputs, { changes: '1', digest: /^[0-9a-f]{64}$/ })
  t.strictSame((await platform.managed()).map(({ name }) => name).sort(), ['a', 'b', 'c'])

  const named = await step('apply', { inputs: { 'plan-file': applied.outputs['plan-file'] ?? '' } })
  t.equal(named.code, 0, named.log)
  t.strictSame((await platform.managed()).map(({ name }) => name).sort(), ['a', 'b', 'c', 'd'])

  // Time does the rest: what the configuration asks for by age was reviewed with it. None waits so near its end.
  platform.now += 85 * day
  const due = await step('apply', { event: 'schedule' })
  t.equal(due.code, 0, due.log)
  t.match(due.summary, /4 changes applied.\*\* 4 changes follow from what was approved before/)
  t.match(due.outputs, { changes: '0' })
})

t.test('leaves the comment to the plan of the newest commit, whichever ends last', async t => {
  const { step, github, open, push } = await workflow(t, keys())
  const pull = open('race', keys('a'))
  const older = pull.head
  let newer: Promise<Step> | null = null
  github.before = async call => {
    // The older plan has looked at everything, and is about to write.
    if (call !== 'GET /repos/acme/agents/issues/1/comments' || newer !== null) return
    push(pull, keys('a', 'b'))
    newer = step('plan', { pull })
    t.equal((await newer).code, 0)
  }
  t.equal((await step('plan', { pull, head: older })).code, 0)
  t.match(pull.comments, [{ body: new RegExp(`"commit":"${pull.head}"[^]*Plan: 2 to create`) }])
  t.equal(pull.comments.length, 1)
  t.strictSame(
    github.checks.map(({ head_sha }) => head_sha),
    [pull.head],
  )
})

t.test('says in its comment that a pull request cannot be planned any more', async t => {
  const { step, git, platform, open, push } = await workflow(t, keys('a'))
  const pull = open('change', keys(['a', 'read_scenarios, upload_results']))
  const other = open('another', keys('a', 'b'))
  for (const each of [pull, other]) t.equal((await step('plan', { pull: each })).code, 0)
  const [id, shown] = [pull.comments[0]?.id, other.comments[0]?.body]
  git.commit('main', keys(['a', 'read_results']), [git.tip('main')])
  const conflict = await step('plan', { pull })
  t.equal(conflict.code, 2)
  t.match(pull.comments, [{ id, body: /No plan\.[^]*cannot be merged into main/ }])
  t.match(conflict.summary, /No plan\.[^]*cannot be merged/)
  t.equal(other.comments[0]?.body, shown)

  push(other, { ...keys('a'), 'fluxloop-keys/b.yaml': 'version: 1\nstack: acme\nkeys: []\n' })
  platform.forget()
  const broken = await step('plan', { pull: other })
  t.equal(broken.code, 2)
  t.match(broken.log, /::error file=fluxloop-keys\/b.yaml,line=3/)
  t.match(other.comments, [{ body: /No plan\.[^]*configuration is not valid/ }])
  t.strictSame(platform.requests, [])
})

t.test('checks a fork without a credential, and writes nothing', async t => {
  const { step, github, platform, open } = await workflow(t, keys('a'))
  const pull = open('theirs', keys('a', 'b'), { fork: true })
  const env = { FLUXLOOP_API_KEY: '' }
  const ended = await step('plan', { pull, event: 'pull_request', token: github.readToken, env })
  t.equal(ended.code, 0, ended.log)
  t.match(ended.summary, /comes from another repository[^]*valid: 2 keys/)
  // With pull_request_target the job has everything, and uses none of it.
  t.equal((await step('plan', { pull })).code, 0)
  t.strictSame(github.writes(), [])
  t.strictSame(platform.requests, [])
})

t.test('keeps one issue for drift, which only a complete look without drift closes', async t => {
  const { step, github, platform } = await workflow(t, keys('a', 'b'))
  // With a checkout the files are read from there, and GitHub is asked for nothing.
  const planned = await step('plan', { checkOut: true })
  t.strictSame(github.calls, [])
  t.match(planned.outputs, { changes: '2' }, planned.log)
  const inputs = { 'plan-file': planned.outputs['plan-file'] ?? '' }
  const applied = await step('apply', { inputs, checkOut: true })
  t.equal(applied.code, 0, applied.log)
  const [live] = await platform.managed()
  const rename = async (name: string) => {
    const init = { method: 'PATCH', body: JSON.stringify({ name }) }
    const headers = { authorization: `Bearer ${platform.administrator.reveal()}` }
    await platform.send(new Request(`${platform.url}/api/api-keys/${live?.id ?? ''}`, { ...init, headers }))
  }
  await rename('@org/team')
  const found = await step('drift')
  t.equal(found.code, 0, found.log)
  t.match(github.issues, [{ title: 'Drift of API keys: acme', state: 'open', body: /1 key was changed/ }])
  t.match(found.outputs, { changes: '1' })
  github.calls.splice(0)
  t.equal((await step('drift')).code, 0)
  t.strictSame(github.writes(), [], 'the same drift is not new')

  await rename(live?.name ?? '')
  platform.before = async request => {
    const answer = await platform.send(request)
    if (!request.url.includes('/api/api-keys?')) return answer
    const { api_keys, ...rest } = (await answer.json()) as { readonly api_keys: readonly object[] }
    const odd = api_keys.map((key, index) => (index === 0 ? { ...key, status: 'napping' } : key))
    return Response.json({ ...rest, api_keys: odd }, { headers: answer.headers })
  }
  const partial = await step('drift')
  t.equal(partial.code, 7, partial.log)
  t.match(github.issues, [{ state: 'open' }], 'a look that did not see everything closes nothing')
  platform.before = async () => null
  const clean = await step('drift')
  t.equal(clean.code, 0, clean.log)
  t.match(github.issues, [{ state: 'closed', comments: [/found no drift/] }])
})

t.test('writes the page of a report for a later step, and never for a pull request', async t => {
  const { step, open, github } = await workflow(t, keys('first'))
  const before = github.writes().length
  const { code, log, outputs } = await step('report')
  t.equal(code, 0, log)
  t.match(await readFile(outputs['report-file'] ?? '', 'utf8'), /^<!doctype html>[^]*>first</)
  t.equal(github.writes().length, before)
  const refused = await step('report', { pull: open('second', keys('first', 'second')) })
  t.match(refused, { code: 2, log: /A pull request is never the occasion for the command report/ })
})
