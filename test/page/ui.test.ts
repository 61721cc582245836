// The dashboard of the built program on loopback: who gets in, what it may do, and what it shows after a run.
import type { ChildProcess } from 'node:child_process'
import { request } from 'node:http'
import t, { type Test } from 'tap'
import { hour, minute } from '../../src/model/duration.ts'
import { RequestBudget } from '../../src/commands/ui/request-budget.ts'
import { needsBrowser, openBrowser, ready } from '../support/browser.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const configuration = (stack: string, ...keys: readonly string[]) => `version: 1
stack: ${stack}
defaults:
  expires: 90d
  store: { env-file: { path: '${stack}-{key}.env', name: K } }
keys:
${keys.map(key => `  ${key}: { name: ${stack} ${key}, owner: a, environment: ci, scope: all, permissions: [read_scenarios] }\n`).join('')}`

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Not fetch, which does not let anybody choose a host. */
function get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => (body += text))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function scene(t: Test) {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('one.yaml', configuration('one', 'alpha', 'beta'))
  await place.write('two.yaml', configuration('two', 'gamma'))
  const run = (...args: readonly string[]) => place.run(args, { env: platform.env })
  for (const file of ['one.yaml', 'two.yaml']) {
    const { code, stderr } = await run('apply', '--auto-approve', '-c', file)
    if (code !== 0) throw new Error(stderr)
  }
  platform.forget()
  let child: ChildProcess | null = null
  const url = await new Promise<string>((resolve, reject) => {
    const ended = place.run(['ui', '--stack', 'one.yaml', '--stack', 'two.yaml'], {
      env: platform.env,
      watch: begun => {
        child = begun
        begun.stdout?.on('data', (text: Buffer) => {
          const found = /^ {2}(http:.*)$/m.exec(text.toString())?.[1]
          if (found !== undefined) resolve(found)
        })
      },
    })
    ended.then(({ stderr }) => reject(new Error(stderr)), reject)
  })
  t.teardown(() => void child?.kill('SIGINT'))
  return { place, platform, run, url }
}

t.test('lets one browser in, tells nobody else, and shows what a run did', async t => {
  if (!needsBrowser(t)) return
  const { platform, run, url, place } = await scene(t)
  t.strictSame(
    platform.requests.filter(request => !request.includes('usage')).sort(),
    ['GET /api/api-keys', 'GET /api/auth/whoami'],
    'one listing for two stacks',
  )
  const { origin, host } = new URL(url)
  const before = platform.requests.length
  t.equal((await get(`${origin}/`)).status, 401)
  t.equal((await get(`${origin}/data`)).status, 401)
  t.equal((await get(`${origin}/?token=wrong`)).status, 401)
  t.equal((await get(url, { host: 'evil.example' })).status, 403, 'a name that leads to loopback')
  t.equal((await get(url, { host: `localhost.evil.example:${host.split(':')[1] ?? ''}` })).status, 403)
  t.equal((await get(url, { origin: 'http://evil.example' })).status, 403)
  t.equal(
    (await get(url, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status,
    403,
    'a picture of another site',
  )
  t.equal((await get(url, {}, 'HEAD')).status, 401, 'a look ahead does not use the token up')
  const watched = await (await openBrowser()).open()
  t.teardown(() => watched.context.close())
  await watched.page.goto(url)
  await ready(watched)
  t.equal(watched.page.url(), `${origin}/`, 'the token leaves the address')
  const [session] = await watched.context.cookies()
  t.match(session, { httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 })
  const cookie = `${session?.name ?? ''}=${session?.value ?? ''}`
  t.equal((await get(url)).status, 401, 'the token works once')
  t.equal((await get(`${origin}/`, { cookie: 'fluxloop-keys-1=x' })).status, 401)
  const page = await get(`${origin}/`, { cookie })
  t.match(page, { status: 200, headers: { 'cache-control': 'no-store', 'x-frame-options': 'DENY' } })
  t.match(String(page.headers['content-security-policy']), /default-src 'none'; .*frame-ancestors 'none'/)
  t.equal((await get(`${origin}/data`, { cookie, 'sec-fetch-site': 'cross-site' })).status, 403)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    t.equal((await get(`${origin}/`, { cookie }, method)).status, 405, method)
  const data = await get(`${origin}/data`, { cookie })
  t.equal(
    (await get(`${origin}/data`, { cookie, 'if-none-match': String(data.headers['etag']) })).status,
    304,
  )
  t.equal((await get(`${origin}/nothing`, { cookie })).status, 404)
  t.notMatch(page.body + data.body, /flux_\w+_[A-Za-z0-9]{12}/, 'no secret is on it')
  t.equal(platform.requests.length, before, 'looking at the page asks the platform nothing')

  // Three of two stacks, and the key that calls.
  t.match(await watched.page.locator('.filters output').innerText(), /^(\d) of \1 keys$/)
  await watched.page.fill('#search', 'delta')
  t.match(await watched.page.locator('.filters output').innerText(), /^0 of/)
  await place.write('one.yaml', configuration('one', 'alpha', 'beta', 'delta'))
  const { code, stderr } = await run('apply', '--auto-approve', '-c', 'one.yaml')
  t.equal(code, 0, stderr)
  await watched.page.locator('#keys tbody th', { hasText: 'delta' }).waitFor()
  t.equal(await watched.page.inputValue('#search'), 'delta', 'what a reader chose stays')
  t.strictSame(watched.complaints, [])
})

t.test('asks for at most a third of what the platform allows in any hour', async t => {
  const budget = new RequestBudget()
  let now = 0
  const made: { readonly at: number; readonly requests: number }[] = []
  const within = () =>
    made.filter(({ at }) => at > now - hour).reduce((sum, { requests }) => sum + requests, 0)
  for (const requests of [202, ...Array.from({ length: 200 }, () => 6)]) {
    now += budget.pause(now, requests, minute)
    budget.note(now, requests)
    made.push({ at: now, requests })
    if (within() > 333) t.fail(`${within()} in an hour`)
  }
  t.ok(now > 2 * hour, 'it waited')
  t.equal(new RequestBudget().pause(0, 2, minute), minute)
})
