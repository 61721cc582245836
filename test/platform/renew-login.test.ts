import { overFetch } from '../../src/platform/transport.ts'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import type { Session } from '../../src/platform/credentials.ts'
import { loginCalls } from '../../src/platform/device-login.ts'
import { renew } from '../../src/platform/renew-login.ts'
import { failed } from '../support/failed.ts'
import { type Step, clock, scriptedPlatform, wireKey } from '../support/scripted-platform.ts'

const minute = 60_000

function session(minutes: number | null, refresh: string | null = 'refresh-1'): Session {
  return {
    accessToken: new Secret(`token-${minutes ?? 'endless'}`),
    refreshToken: refresh === null ? null : new Secret(refresh),
    expiresAt: minutes === null ? null : clock + minutes * minute,
    userId: 'user_1',
    userEmail: 'jo@acme.example',
  }
}

const refused = new Failure('authentication', 'The platform does not accept this login\nSent to there')
const unreachable = new Failure('network', 'Cannot reach the platform')

t.test(
  'renews what ends within five minutes, looks again where that fails, and says how to log in',
  async t => {
    const rows: readonly {
      readonly title: string
      /** What is kept at each look. */
      readonly kept: readonly (Session | null)[]
      readonly answer?: Session | Failure
      readonly gives: string
      readonly keeps: boolean
    }[] = [
      { title: 'it lasts', kept: [session(6)], gives: 'token-6', keeps: false },
      { title: 'it ends never', kept: [session(null)], gives: 'token-endless', keeps: false },
      { title: 'it ends', kept: [session(4)], answer: session(60), gives: 'token-60', keeps: true },
      { title: 'it has ended', kept: [session(-60)], answer: session(60), gives: 'token-60', keeps: true },
      {
        title: 'another process was first',
        kept: [session(-1), session(59)],
        answer: refused,
        gives: 'token-59',
        keeps: false,
      },
      {
        title: 'it cannot be renewed, and works',
        kept: [session(2), session(2)],
        answer: unreachable,
        gives: 'token-2',
        keeps: false,
      },
      {
        title: 'it is refused',
        kept: [session(-1), session(-1)],
        answer: refused,
        gives: 'authentication',
        keeps: false,
      },
      {
        title: 'nobody answers',
        kept: [session(-1), session(-1)],
        answer: unreachable,
        gives: 'network',
        keeps: false,
      },
      { title: 'it has no refresh token', kept: [session(-1, null)], gives: 'authentication', keeps: false },
      { title: 'somebody logged out', kept: [null], gives: 'authentication', keeps: false },
    ]
    for (const { title, kept, answer, gives, keeps } of rows) {
      const looks = [...kept]
      const written: Session[] = []
      const renewal = {
        read: async () => looks.shift() ?? null,
        keep: async (fresh: Session) => void written.push(fresh),
      }
      const refresh = async () => {
        if (answer === undefined) throw new Error('nobody should ask')
        if (answer instanceof Failure) throw answer
        return answer
      }
      const tried = renew({ source: '~/.fluxloop/auth.json', renewal }, { refresh }, () => clock)
      const got = await tried.then(
        ({ accessToken }) => accessToken.reveal(),
        (error: unknown) => (error instanceof Failure ? error.code : 'a defect'),
      )
      t.equal(got, gives, title)
      t.equal(written.length > 0, keeps, title)
      if (gives === 'authentication' || gives === 'network')
        t.match(await failed(tried), {
          message: /^The login in ~\/\.fluxloop\/auth\.json has expired and could not be renewed/,
          hints: [/fluxloop-keys auth login, or fluxloop auth login/],
        })
    }
  },
)

t.test('a client renews its login once before the calls that need it, and no other', async t => {
  const answers: Step[] = [{ json: wireKey() }, { json: wireKey() }, { json: wireKey() }]
  let renewed = 0
  const { client, seen } = scriptedPlatform(t, answers, {
    renewal: {
      expiresAt: clock + 4 * minute,
      renew: async () => {
        renewed += 1
        return { secret: new Secret('token-fresh'), expiresAt: clock + 60 * minute }
      },
    },
  })
  await Promise.all([client.get('key_abc123'), client.get('key_abc123')])
  await client.get('key_abc123')
  t.equal(renewed, 1)
  t.same(
    seen.map(({ headers }) => headers.get('authorization')),
    Array.from({ length: 3 }, () => 'Bearer token-fresh'),
  )
})

t.test('reads the answers of a login as the platform’s own client does', async t => {
  const steps: Step[] = []
  const asked: { readonly call: string; readonly body: string; readonly authorization: string | null }[] = []
  const calls = loginCalls({
    connection: {
      baseUrl: 'https://api.example.test',
      userAgent: 'test/1',
      now: () => clock,
      timeout: 1_000,
      signal: undefined,
      transport: overFetch(async request => {
        const { headers, method, url } = request
        const body = await request.text()
        asked.push({
          call: `${method} ${new URL(url).pathname}`,
          body,
          authorization: headers.get('authorization'),
        })
        const step = steps.shift()
        if (step === undefined || step instanceof Error) throw step ?? new Error('no answer')
        return Response.json(step.json, { status: step.status ?? 200 })
      }),
    },
    proxy: null,
    random: () => 0,
    sleep: async () => undefined,
  })
  const started = { device_code: 'device-code-1', user_code: 'AB-CD', verification_url: 'https://x.test/go' }
  steps.push({ json: { ...started, expires_in_sec: 60, interval_sec: 2 } }, { json: started })
  t.match(await calls.start(), { userCode: 'AB-CD', expiresIn: minute, interval: 2_000 })
  const login = await calls.start()
  t.match(login, { verificationUrl: 'https://x.test/go', expiresIn: 10 * minute, interval: 5_000 })
  for (const status of ['pending', 'denied', 'expired']) {
    steps.push({ json: { status } })
    t.same(await calls.complete(login), { status })
  }
  steps.push({ json: { status: 'approved', credential: { access_token: 'a1' } } })
  const state = await calls.complete(login)
  if (state.status !== 'approved') throw new Error('not approved')
  t.match(state.session, { refreshToken: null, expiresAt: clock + 60 * minute, userId: '', userEmail: '' })
  const former = { ...session(1), refreshToken: new Secret('refresh-of-old') }
  steps.push({ json: { credential: { access_token: 'a2', expires_at: '2026-03-01T13:30:00Z' } } })
  const fresh = await calls.refresh(former)
  t.match(fresh, { expiresAt: Date.UTC(2026, 2, 1, 13, 30), userId: 'user_1', userEmail: 'jo@acme.example' })
  t.equal(fresh.refreshToken?.reveal(), 'refresh-of-old', 'what the answer lacks stays')
  steps.push(
    { json: { status: 'approved', credential: {} } },
    { status: 401, json: { detail: 'no' } },
    { json: { status: 7 } },
  )
  t.match(await failed(calls.complete(login)), { message: /lacks `credential.access_token`/ })
  t.match(await failed(calls.refresh(former)), {
    code: 'authentication',
    message: /^The platform does not accept this login/,
  })
  t.match(await failed(calls.complete(login)), { message: /`status`/ })
  t.same(
    [...new Set(asked.map(({ call, body, authorization }) => `${call} ${body} ${authorization}`))].sort(),
    [
      'POST /api/cli-connect/complete {"device_code":"device-code-1"} null',
      'POST /api/cli-connect/refresh {"refresh_token":"refresh-of-old"} null',
      'POST /api/cli-connect/start {} null',
    ],
  )
})
