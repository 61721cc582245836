// The built program behind a company's proxy: a real one, with a password, in front of a platform over TLS.
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type TestProxy, connectProxy, overTls } from '../support/proxy.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

const name = 'api.fluxloop.test'

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly proxy: TestProxy
  /** The platform by its name, which only the proxy can resolve. */
  readonly env: Readonly<Record<string, string>>
  readonly run: (line: string, env: Readonly<Record<string, string>>) => Promise<Ended>
  /** One more proxy, which answers a CONNECT with this status. */
  readonly proxyWith: (status: number) => Promise<TestProxy>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const tls = await overTls(t, name, Number(new URL(platform.url).port), place.root)
  const proxy = await connectProxy(t, tls.port)
  await place.write(
    'fluxloop-keys.yaml',
    `version: 1
stack: proxied
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: agents.env, name: FLUXLOOP_API_KEY } }
`,
  )
  const env = {
    FLUXLOOP_API_URL: `https://${name}`,
    FLUXLOOP_API_KEY: platform.administrator.reveal(),
    NODE_EXTRA_CA_CERTS: tls.certificate,
  }
  return {
    place,
    platform,
    proxy,
    env,
    run: (line, more) => place.run(line.split(' '), { env: { ...env, ...more } }),
    proxyWith: async status => {
      const another = await connectProxy(t, tls.port)
      another.status = () => status
      return another
    },
  }
}

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')
const credentials = `Basic ${Buffer.from('ops:hunter2').toString('base64')}`
/** The password, in every form that it takes. */
const password = /hunter2|aHVudGVyMg|b3BzOmh1bnRlcjI/

t.test('works through a proxy that asks for a password and sees nothing', async t => {
  if (!needs(t, 'openssl')) return
  const { platform, proxy, run } = await scene(t)
  proxy.status = ({ headers }) => (headers['proxy-authorization'] === credentials ? 200 : 407)
  const env = { HTTPS_PROXY: `http://ops:hunter2@${proxy.host}` }
  const applied = await run('apply --auto-approve --verbose', env)
  t.equal(applied.code, 0, words(applied))
  t.notMatch(words(applied), password)
  t.ok(proxy.asked.length > 0)
  t.strictSame([...new Set(proxy.asked)], [`CONNECT ${name}:443`])
  t.notMatch(Buffer.concat(proxy.passed).toString('latin1'), platform.administrator.reveal())
  t.ok(platform.requests.includes('POST /api/api-keys'))
  t.match(await run('plan --detailed-exitcode', env), { code: 0 })
})

t.test('says neither the password nor a key when everything is to be debugged', async t => {
  if (!needs(t, 'openssl')) return
  const { place, platform, proxy, run } = await scene(t)
  proxy.status = ({ headers }) => (headers['proxy-authorization'] === credentials ? 200 : 407)
  const env = { HTTPS_PROXY: `http://ops:hunter2@${proxy.host}`, DEBUG: '*', NODE_DEBUG: '*' }
  const applied = await run('apply --auto-approve --verbose', env)
  t.equal(applied.code, 0, 'it works')
  t.ok(/NET \d+/.test(applied.stderr), 'it is switched on')
  t.ok(proxy.asked.length > 0, 'it goes by the proxy')
  const delivered = /FLUXLOOP_API_KEY="?(flux_\w+)/.exec(await place.read('agents.env'))?.[1]
  t.ok(delivered, 'a secret was delivered')
  const output = words(applied)
  t.notOk(password.test(output), 'no password')
  for (const secret of [platform.administrator.reveal(), delivered ?? '']) {
    t.notOk(output.includes(secret), 'no key')
    t.notOk(output.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')), 'nor as base64')
  }
})

t.test('says which proxy failed and how, and never what it was told', async t => {
  if (!needs(t, 'openssl')) return
  const { platform, run, proxyWith } = await scene(t)
  const through = (host: string) => ({ https_proxy: `http://ops:hunter2@${host}` })
  /** What a proxy answers to a CONNECT, how it is named, the exit code, and what is said. */
  const cases: readonly (readonly [
    number,
    (host: string) => Readonly<Record<string, string>>,
    number,
    (host: string) => string,
  ])[] = [
    [407, through, 4, host => `The proxy http://${host} does not accept the user name and password (407)`],
    [
      407,
      host => ({ HTTPS_PROXY: host }),
      4,
      host => `The proxy http://${host} asks for a user name and a password (407)`,
    ],
    [403, through, 4, host => `The proxy http://${host} (https_proxy) opens no connection to ${name} (403)`],
    [
      200,
      () => through('127.0.0.1:1'),
      4,
      () => 'Cannot reach the proxy http://127.0.0.1:1 (https_proxy): nothing accepts',
    ],
    [
      200,
      () => through('no-such-proxy.invalid'),
      4,
      () => 'Cannot reach the proxy http://no-such-proxy.invalid (https_proxy): its name',
    ],
    [
      200,
      () => ({ HTTPS_PROXY: 'socks5://ops:hunter2@proxy' }),
      2,
      () => 'HTTPS_PROXY names a proxy that is reached by something else',
    ],
  ]
  // Side by side, since some only wait.
  await Promise.all(
    cases.map(async ([status, env, code, said]) => {
      const { host } = await proxyWith(status)
      const ending = await run('plan --verbose', env(host))
      t.equal(ending.code, code, words(ending))
      t.match(words(ending), said(host))
      t.notMatch(words(ending), password)
      t.notMatch(words(ending), /\bat .*:\d+:\d+/, 'no stack')
    }),
  )
  t.strictSame(platform.requests, [])
})

t.test('tries again where the proxy could not reach the platform for a moment', async t => {
  if (!needs(t, 'openssl')) return
  const { proxy, run } = await scene(t)
  let refusals = 2
  proxy.status = () => (refusals-- > 0 ? 502 : 200)
  t.match(await run('plan', { HTTPS_PROXY: proxy.host }), { code: 0 })
})

t.test('checks the certificate of the platform itself, behind any proxy', async t => {
  if (!needs(t, 'openssl')) return
  const { platform, proxy, run } = await scene(t)
  const ending = await run('plan', { HTTPS_PROXY: proxy.host, NODE_EXTRA_CA_CERTS: '' })
  t.equal(ending.code, 4)
  t.match(words(ending), /its TLS certificate or handshake is not valid/)
  t.strictSame(platform.requests, [])
})

t.test('goes by no proxy to hosts of NO_PROXY, and never to this machine', async t => {
  if (!needs(t, 'openssl')) return
  const { platform, proxy, run } = await scene(t)
  const all = { HTTPS_PROXY: proxy.host, HTTP_PROXY: proxy.host, http_proxy: proxy.host }
  const direct = await run('plan', { ...all, NO_PROXY: '.fluxloop.test' })
  t.equal(direct.code, 4)
  t.match(words(direct), `Cannot reach the platform at https://${name}: the name ${name} cannot be resolved`)
  t.match(await run('plan', { ...all, FLUXLOOP_API_URL: platform.url }), { code: 0 })
  t.strictSame(proxy.asked, [])
})
