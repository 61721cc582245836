// What is GitLab's own: what a job is told, what a merge request's page reads, and pages of its API.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { readFileSync } from 'node:fs'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { gitlabCalls } from '../../src/pull-request/gitlab/gitlab-calls.ts'
import { planJob } from '../../src/pull-request/gitlab/job-artifacts.ts'
import { readArguments, readPipelineJob } from '../../src/pull-request/gitlab/pipeline-job.ts'
import { reportFiles, terraformReport } from '../../src/pull-request/gitlab/report-files.ts'
import { codeQuality } from '../../src/render/audit/code-quality.ts'

const env = {
  CI_API_V4_URL: 'https://gitlab.example.com/api/v4/',
  CI_PROJECT_ID: '12',
  CI_PROJECT_DIR: '/builds/acme/agents',
  CI_DEFAULT_BRANCH: 'main',
  CI_COMMIT_SHA: 'a'.repeat(40),
  CI_JOB_ID: '77',
}

t.test('a job is told what it is about by its pipeline, or by the webhook that triggered it', async t => {
  const branch = await readPipelineJob({ ...env, CI_COMMIT_BRANCH: 'main' })
  t.match(branch, { apiUrl: 'https://gitlab.example.com/api/v4', branch: 'main', request: null, id: '77' })
  const own = { ...env, CI_MERGE_REQUEST_IID: '3' }
  t.match(await readPipelineJob(own), { branch: '', request: { number: 3, head: env.CI_COMMIT_SHA } })
  const merged = { ...own, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: 'b'.repeat(40) }
  t.match(await readPipelineJob(merged), { request: { head: 'b'.repeat(40) } }, 'of a merged result')

  const payload = join(t.testdir(), 'payload')
  const triggered = { ...env, CI_PIPELINE_SOURCE: 'trigger', TRIGGER_PAYLOAD: payload }
  const event = (more: object) =>
    JSON.stringify({
      object_kind: 'merge_request',
      project: { id: 12 },
      object_attributes: { iid: 4, last_commit: { id: 'c'.repeat(40) } },
      ...more,
    })
  await writeFile(payload, event({}))
  t.match(await readPipelineJob(triggered), { request: { number: 4, head: 'c'.repeat(40) } })
  for (const other of [event({ project: { id: 13 } }), event({ object_kind: 'push' }), 'not JSON']) {
    await writeFile(payload, other)
    await t.rejects(readPipelineJob(triggered), Failure)
  }
  await t.rejects(
    readPipelineJob({ ...env, CI_JOB_ID: '' }),
    /CI_JOB_ID is not set: this is not a job of GitLab CI/,
  )
})

t.test('arguments that make no sense say so', async t => {
  t.match(readArguments([], {}), { command: 'plan', config: [], comment: true })
  t.match(readArguments(['apply', '-c', 'a.yaml', '--config', 'b/'], {}), { config: ['a.yaml', 'b/'] })
  t.match(readArguments([], { FLUXLOOP_KEYS_CONFIG: 'a.yaml\n b/ \n' }), { config: ['a.yaml', 'b/'] })
  for (const [args, words] of [
    [['plna'], /Unknown command `plna`/],
    [['plan', 'more'], /Unexpected argument/],
    [['plan', '--colour'], /--colour/],
    [['plan', '-c', '../elsewhere'], /leads out of the repository/],
    [['plan', '--fail-on', 'high'], /--fail-on is for audit and check/],
    [['plan', '--plan-file', 'a.json', '--digest', ''], /--plan-file and --digest are for apply/],
    [['apply', '--plan-file', 'a.json'], /--plan-file goes with --digest/],
    [['apply', '--plan-file', 'a.json', '--digest', 'abc'], /64 hexadecimal digits/],
  ] as const)
    t.throws(() => readArguments(args, {}), { message: words })
})

t.test('every kind of change is one of the three counts of a merge request', async t => {
  const kinds = [
    'create',
    'adopt',
    'update',
    'rotate',
    'deliver',
    'heal',
    'release',
    'revoke',
    'create',
  ] as const
  t.strictSame(terraformReport(kinds.map(kind => ({ kind }))), { create: 2, update: 6, delete: 1 })
})

t.test('entries of a code quality report are told apart, and stay the same when lines move', async t => {
  const remark = (line: number, text = 'Odd') =>
    ({ check: 'rule', text, severity: 'minor', place: { file: 'a.yaml', line }, identity: null }) as const
  const prints = (...remarks: readonly Parameters<typeof codeQuality>[0][number][]) =>
    codeQuality(remarks, 'home.yaml').map(({ fingerprint }) => fingerprint)
  t.same(prints(remark(1), remark(2, 'Other')), prints(remark(9), remark(4, 'Other')))
  t.equal(new Set(prints(remark(1), remark(2), remark(3))).size, 3)
  const many = prints(...Array.from({ length: 3000 }, (_, index) => remark(1, `Text ${index}`)))
  t.equal(new Set(many).size, 3000)
  t.match(
    codeQuality([{ ...remark(0), place: null, text: 'flux_ci_abcdefghijklmnop\u001b[31m' }], 'home.yaml'),
    [{ location: { path: 'home.yaml', lines: { begin: 1 } }, description: 'flux_ci_[secret]\\u001b[31m' }],
  )
})

t.test('lists are read to their last page, at their own address alone; limits are waited for', async t => {
  const asked: string[] = []
  const answers: (() => Response)[] = []
  const url = 'https://gitlab.example.com/api/v4'
  const calls = gitlabCalls({
    url,
    token: new Secret('glpat-SENTINEL'),
    userAgent: 'test',
    fetch: async request => {
      asked.push(`${request.method} ${request.url} ${request.headers.get('private-token') ?? '-'}`)
      return answers.shift()?.() ?? new Response('{}', { status: 500 })
    },
  })
  const page = (items: object, next?: string) => () =>
    Response.json(items, next === undefined ? {} : { headers: { link: `<${next}>; rel="next"` } })
  answers.push(page([1], `${url}/x?page=2`), page([2]))
  t.same(await calls.list('/x'), [1, 2])
  answers.push(page([1], 'https://elsewhere.example/api/v4/x?page=2'))
  await t.rejects(calls.list('/x'), /goes on at another address/)
  answers.push(() => new Response('', { status: 429, headers: { 'retry-after': '0' } }), page({ a: 1 }))
  t.same(await calls.send('POST', '/x', {}), { a: 1 })
  answers.push(() => new Response('', { status: 502 }))
  await t.rejects(
    calls.send('POST', '/x', {}),
    { code: 'network' },
    'a write that may have been done is not done again',
  )
  answers.push(
    () => new Response(null, { status: 302, headers: { location: 'https://store.example/file' } }),
    () => new Response('bytes'),
  )
  t.equal(Buffer.from(await calls.download('/file', 100)).toString(), 'bytes')
  t.equal(asked.at(-1), 'GET https://store.example/file -', 'with no token')
  answers.push(() => new Response(null, { status: 302, headers: { location: 'http://store.example/file' } }))
  await t.rejects(calls.download('/file', 100), /without TLS/)
  answers.push(() => new Response('too much'))
  await t.rejects(calls.download('/file', 3), /too large/)
  for (const [status, code] of [
    [401, 'authentication'],
    [403, 'permission'],
    [404, 'not-found'],
  ] as const) {
    answers.push(() => new Response('glpat-SENTINEL', { status }))
    await t.rejects(calls.get('/x'), { code })
  }
})

t.test('the template names the jobs and files that the program does', async t => {
  const text = readFileSync(new URL('../../templates/fluxloop-keys.gitlab-ci.yml', import.meta.url), 'utf8')
  const jobs = parseAllDocuments(text)[1]?.toJS() as Record<
    string,
    { artifacts?: { paths?: string[]; reports?: object } }
  >
  t.match(jobs[planJob]?.artifacts, {
    paths: [reportFiles.plan],
    reports: {
      terraform: reportFiles.terraform,
      codequality: reportFiles.quality,
      dotenv: reportFiles.variables,
    },
  })
  t.match(jobs['fluxloop-keys:apply'], { resource_group: 'fluxloop-keys', interruptible: false })
})
