// A merge request's whole life on GitLab: what the template's jobs run, a stand-in for GitLab's API over a bare repository, and a
// platform that counts.
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { type Job, type JobOptions, pipeline } from '../support/pipeline.ts'

const key = (id: string, permissions = 'read_scenarios', name = id) => `
version: 1
stack: acme
keys:
  ${id}:
    name: ${JSON.stringify(name)}
    scope: all
    permissions: [${permissions}]
    expires: 90d
    store: { github-actions: { repo: acme/agents, name: ${id.toUpperCase()} } }
`

/** One file a key, so that merge requests do not conflict. */
const keys = (...ids: readonly (string | readonly [id: string, permissions: string])[]) =>
  Object.fromEntries(
    ids.map(each => {
      const [id, permissions = 'read_scenarios'] = typeof each === 'string' ? [each] : each
      return [`fluxloop-keys/${id}.yaml`, key(id, permissions)]
    }),
  )

const writesOf = (requests: readonly string[]) => requests.filter(call => !call.startsWith('GET '))

t.test('plans, plans again, and applies what was reviewed once it is merged', async t => {
  const { job, gitlab, platform, open, push, merge, secrets } = await pipeline(t, keys('first'))
  const request = open('add', keys('first', 'second'))
  const done = async (command: string, options: JobOptions = {}): Promise<Job> => {
    gitlab.calls.splice(0)
    platform.forget()
    const ended = await job(command, options)
    t.equal(ended.code, 0, ended.log)
    if (options.request !== undefined) t.strictSame(writesOf(platform.requests), [], 'GET alone')
    t.notMatch(gitlab.calls.join(), /defect/)
    return ended
  }

  const opened = await done('plan', { request, webhook: true })
  t.match(request.notes, [{ body: /Plan: 2 to create/ }])
  t.strictSame(JSON.parse(await opened.file('fluxloop-keys-terraform.json')), {
    create: 2,
    update: 0,
    delete: 0,
  })
  t.match(await opened.file('fluxloop-keys.env'), /^FLUXLOOP_KEYS_CHANGES=2\n[^]*DIGEST=[0-9a-f]{64}\n$/)
  const [status] = gitlab.statuses
  t.match(status, { sha: request.head, status: 'success', name: 'fluxloop-keys plan (acme)' })
  t.match(status?.description, new RegExp(`^plan v1:[0-9a-f]{64}:[0-9a-f]{64}:${opened.id}$`))

  await done('plan', { request, webhook: true })
  t.strictSame(gitlab.writes(), [], 'an unchanged rerun writes nothing')

  const id = request.notes[0]?.id
  const former = request.head.slice(0, 7)
  push(request, keys('first', 'second', 'third'))
  await done('plan', { request })
  t.match(request.notes, [{ id, body: /Plan: 3 to create/ }], 'edited in place, by a pipeline of its own')
  t.match(request.notes[0]?.body, new RegExp(`Former plans[^]*${former}.: Plan: 2 to create`))

  merge(request)
  const applied = await done('apply')
  t.match(applied.log, /3 changes applied/)
  t.strictSame((await readdir(secrets)).sort(), ['FIRST', 'SECOND', 'THIRD'])
  t.equal((await platform.managed()).length, 3)
  t.ok(gitlab.downloads.length > 0)
  t.same(gitlab.downloads.filter(Boolean), [], 'the token stays with the API')

  const idle = await done('apply', { env: { FLUXLOOP_KEYS_HEARTBEAT: `${gitlab.url}/TOKEN` } })
  t.equal(gitlab.calls.filter(call => call.includes('TOKEN')).length, 1, 'a complete run is reported')
  t.notMatch(idle.log, /TOKEN/)
  t.match(idle.log, /Nothing that was approved is left/)
  t.strictSame(writesOf(platform.requests), [], 'none twice')

  const wider = open('wider', keys(['first', 'read_scenarios, upload_results'], 'second', 'third'))
  const widened = await done('plan', { request: wider })
  t.match(await widened.file('fluxloop-keys.env'), /WIDENS=true/)
  t.match(JSON.parse(await widened.file('gl-code-quality-report.json')), [
    {
      check_name: 'Widens access',
      location: { path: 'fluxloop-keys/first.yaml', lines: { begin: 5 } },
      fingerprint: /^[0-9a-f]{32}$/,
    },
  ])
})

t.test('applies three merges together, none that nobody approved, and no plan of another origin', async t => {
  const { job, gitlab, platform, open, merge } = await pipeline(t, keys())
  const names = ['a', 'b', 'c', 'edited', 'other_job', 'branch', 'unplanned']
  const requests = new Map(names.map(name => [name, open(name, keys(name))] as const))
  for (const [name, request] of requests)
    if (name !== 'unplanned') t.equal((await job('plan', { request, webhook: name !== 'branch' })).code, 0)
  const jobOf = (name: string) => {
    const [, id] =
      /:(\d+)$/.exec(
        gitlab.statuses.find(({ sha }) => sha === requests.get(name)?.head)?.description ?? '',
      ) ?? []
    return gitlab.jobs.get(Number(id))
  }
  const note = requests.get('edited')?.notes[0]
  if (note !== undefined) note.body = note.body.replace('1 to create', '0 to create')
  const other = jobOf('other_job')
  if (other !== undefined) other.name = 'build'
  const branch = jobOf('branch')
  if (branch !== undefined) branch.pipeline.source = 'push'
  for (const request of requests.values()) merge(request)

  const applied = await job('apply')
  t.equal(applied.code, 0, applied.log)
  t.strictSame((await platform.managed()).map(({ name }) => name).sort(), ['a', 'b', 'c'])
  for (const why of [
    /!4: the comment with its plan was edited/,
    /!5: the job that made its plan is build/,
    /!6: the pipeline that made its plan was started by push/,
    /!7: its last commit has no plan/,
  ])
    t.match(applied.log.replaceAll('&#33;', '!'), why)
  t.match(await applied.file('fluxloop-keys.env'), /CHANGES=4/)
  const waiting = await applied.file('fluxloop-keys-plan.json')
  const [, digest = ''] = /DIGEST=(\w+)/.exec(await applied.file('fluxloop-keys.env')) ?? []
  const rest = (of: string) => ['--plan-file', 'fluxloop-keys-plan.json', '--digest', of]
  const kept = { 'fluxloop-keys-plan.json': waiting }
  const unseen = await job('apply', { flags: rest('0'.repeat(64)), kept })
  t.equal(unseen.code, 12, unseen.log)
  t.match(unseen.log, /another plan than the one that was reviewed/)
  t.match(await job('apply', { flags: rest('') }), { code: 0, log: /Nothing waits for a review/ })
  const rested = await job('apply', { flags: rest(digest), kept })
  t.equal(rested.code, 0, rested.log)
  t.strictSame((await platform.managed()).map(({ name }) => name).sort(), [...names].sort())
})

t.test('leaves the note to the plan of the newest commit, whichever ends last', async t => {
  const { job, gitlab, open, push } = await pipeline(t, keys())
  const request = open('race', keys('a'))
  const older = request.head
  let newer: Promise<Job> | null = null
  gitlab.before = async call => {
    // The older plan has looked at everything, and is about to write.
    if (call !== 'GET /merge_requests/1/notes' || newer !== null) return
    push(request, keys('a', 'b'))
    newer = job('plan', { request, webhook: true })
    t.equal((await newer).code, 0)
  }
  t.equal((await job('plan', { request, webhook: true, head: older })).code, 0)
  t.match(request.notes, [{ body: new RegExp(`"commit":"${request.head}"[^]*Plan: 2 to create`) }])
  t.equal(request.notes.length, 1)
  t.same(
    gitlab.statuses.map(({ sha }) => sha),
    [request.head],
  )
})

t.test('names stay text, others’ notes stay theirs, and forks are checked without a credential', async t => {
  const { job, gitlab, platform, open } = await pipeline(t, keys('a'))
  const name = '/approve @org/team !1 <img src=x> ![x](https://evil.example) section_start:1:x ::add-mask::x'
  const request = open('hostile', { 'fluxloop-keys/a.yaml': key('a', 'read_scenarios', name) })
  const foreign = {
    id: 1,
    body: '<!-- fluxloop-keys plan {} -->',
    author: { username: 'eve' },
    system: false,
  }
  request.notes.push(foreign)
  const planned = await job('plan', { request, webhook: true })
  t.equal(planned.code, 0, planned.log)
  const [, note] = request.notes
  t.same(gitlab.obeyed, [], 'no line of a note is a command')
  t.notMatch(note?.body.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, ''), /@org|<img|!\[x\]/)
  t.notMatch(planned.log, /^section_start:|^::add-mask::/m)
  t.equal(request.notes[0], foreign)

  gitlab.calls.splice(0)
  platform.forget()
  for (const options of [{ request }, { env: { CI_COMMIT_BRANCH: 'other' } }]) {
    const refused = await job('apply', options)
    t.equal(refused.code, 2, refused.log)
    t.match(refused.log, /never the occasion|apply runs on main, and this is other/)
  }
  const fork = open('theirs', keys('a', 'b'), { fork: true })
  const kept = await job('plan', { request: fork, webhook: true })
  t.equal(kept.code, 0, kept.log)
  const checked = await job('check', {
    request: fork,
    env: { FLUXLOOP_KEYS_TOKEN: undefined, FLUXLOOP_API_KEY: undefined },
  })
  t.equal(checked.code, 0, checked.log)
  t.strictSame(gitlab.writes(), [])
  t.strictSame(platform.requests, [])
  const entries = JSON.parse(await checked.file('gl-code-quality-report.json')) as { fingerprint: string }[]
  t.ok(entries.length > 2)
  t.equal(new Set(entries.map(({ fingerprint }) => fingerprint)).size, entries.length, 'each its own')
})

t.test('keeps one issue for drift, which only a complete look without drift closes', async t => {
  const { job, gitlab, platform, open, merge } = await pipeline(t, keys())
  const request = open('add', keys('a', 'b'))
  t.equal((await job('plan', { request, webhook: true })).code, 0)
  merge(request)
  t.equal((await job('apply')).code, 0)
  const [live] = await platform.managed()
  const rename = async (name: string) => {
    const init = { method: 'PATCH', body: JSON.stringify({ name }) }
    const headers = { authorization: `Bearer ${platform.administrator.reveal()}` }
    await platform.send(new Request(`${platform.url}/api/api-keys/${live?.id ?? ''}`, { ...init, headers }))
  }
  await rename('/close')
  const found = await job('drift')
  t.equal(found.code, 0, found.log)
  t.match(gitlab.issues, [
    { title: 'Drift of API keys: acme', state: 'opened', description: /1 key was changed/ },
  ])
  t.same(gitlab.obeyed, [])
  gitlab.calls.splice(0)
  t.equal((await job('drift')).code, 0)
  t.strictSame(gitlab.writes(), [], 'the same drift is not new')
  await rename(live?.name ?? '')
  t.equal((await job('drift')).code, 0)
  t.match(gitlab.issues, [{ state: 'closed', notes: [/found no drift/] }])
})
