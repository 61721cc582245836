import t from 'tap'
import type { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { githubCalls } from '../../src/pull-request/github/github-calls.ts'

const url = 'https://api.github.test'

/** Answers in turn, and keeps what was asked. */
function scripted(...answers: readonly (() => Response)[]) {
  const asked: Request[] = []
  const calls = githubCalls({
    ...{ url, graphqlUrl: `${url}/graphql`, token: new Secret('ghs_token'), userAgent: 'test/1' },
    fetch: async request => {
      asked.push(request)
      const answer = answers[asked.length - 1]
      if (answer === undefined) throw new Error('too many requests')
      return answer()
    },
  })
  return { calls, asked }
}

const json =
  (value: unknown, init: ResponseInit = {}) =>
  () =>
    Response.json(value, init)
const next = (link: string) => ({ headers: { link: `<${link}>; rel="next"` } })

t.test('reads a list page by page, at its own origin alone', async t => {
  const { calls, asked } = scripted(json([1, 2], next(`${url}/list?page=2`)), json([3]))
  t.strictSame(await calls.list('/list'), [1, 2, 3])
  t.equal(asked[1]?.url, `${url}/list?page=2`)
  const elsewhere = scripted(json([1], next('https://evil.test/list?page=2')))
  await t.rejects(elsewhere.calls.list('/list'), { name: 'Failure', message: /goes on at another address/ })
  const named = scripted(json({ total_count: 1, items: [1] }))
  t.strictSame(await named.calls.list('/list', 'items'), [1])
  await t.rejects(scripted(json({})).calls.list('/list'), { name: 'Failure', message: /not a list/ })
})

t.test('follows one redirect to an artefact, without the token', async t => {
  const to =
    (location: string, status = 302) =>
    () =>
      new Response(null, { status, headers: { location } })
  const { calls, asked } = scripted(to('https://blobs.test/1?sig=x'), () => new Response('zip'))
  t.equal(Buffer.from(await calls.download('/artifact/zip', 100)).toString(), 'zip')
  t.strictSame(
    asked.map(({ headers }) => headers.get('authorization')),
    ['Bearer ghs_token', null],
  )
  t.equal(asked[1]?.redirect, 'error')
  await t.rejects(scripted(to('http://blobs.test/1')).calls.download('/zip', 100), { message: /without TLS/ })
  const large = scripted(to('https://blobs.test/1'), () => new Response('x'.repeat(101)))
  await t.rejects(large.calls.download('/zip', 100), { message: /too large/ })
  const refused = scripted(() => new Response('no', { status: 410 }))
  await t.rejects(refused.calls.download('/zip', 100), { name: 'Failure', message: /410/ })
  await t.rejects(scripted(to('https://evil.test/')).calls.get('/x'), { name: 'Failure', message: /302/ })
})

t.test('waits for limits that pass, and tries no write twice that may have been done', async t => {
  const limited = (status: number) => () => new Response('{}', { status, headers: { 'retry-after': '0' } })
  const waited = scripted(limited(429), limited(403), json({ a: 1 }))
  t.strictSame(await waited.calls.get('/x'), { a: 1 })
  const written = scripted(limited(403), json({ id: 1 }))
  t.strictSame(await written.calls.send('POST', '/x', {}), { id: 1 })
  const broken = scripted(limited(502))
  await t.rejects(broken.calls.send('POST', '/x', {}), { code: 'network' })
  t.equal(broken.asked.length, 1)
  const long = scripted(() => new Response('{}', { status: 429, headers: { 'retry-after': '3600' } }))
  await t.rejects(long.calls.get('/x'), { code: 'rate-limited' })
})

t.test('names the permission that a job lacks', async t => {
  const rows = [
    [403, '/repos/a/b/check-runs', 'permission', /checks: write/],
    [403, '/repos/a/b/issues/1/comments', 'permission', /pull-requests: write/],
    [404, '/repos/a/b/issues', 'permission', /issues: write/],
    [401, '/repos/a/b/issues', 'authentication', /github-token/],
  ] as const
  for (const [status, path, code, hint] of rows) {
    const { calls } = scripted(() => new Response('{}', { status }))
    const failure: unknown = await calls.send('POST', path, {}).catch((error: unknown) => error)
    t.match(failure, { name: 'Failure', code })
    t.match((failure as Failure).hints[0], hint)
  }
})
