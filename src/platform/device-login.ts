import { type Instant, type Milliseconds, hour, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type Answer, type Call, callName } from './call.ts'
import type { Session } from './credentials.ts'
import { callFailure } from './errors.ts'
import { type Connection, sendOnce } from './http.ts'
import type { PlatformFailure } from './platform-failure.ts'
import type { Proxy } from './proxy.ts'
import { badAnswer, fieldOf, isRecord, readText, sourceOf } from './reader.ts'
import { tryRepeatedly } from './retry.ts'
import { parseTime } from './wire-time.ts'

/** The calls of a login, which need no credential. Source: the platform's own client. */
export interface LoginCalls {
  start(): Promise<DeviceLogin>
  complete(login: DeviceLogin): Promise<LoginState>
  /** A new token for one that ends. What the answer lacks stays as it was. */
  refresh(session: Session & { readonly refreshToken: Secret }): Promise<Session>
}

/** A login that waits for a person to approve it. */
export interface DeviceLogin {
  readonly deviceCode: Secret
  readonly userCode: string
  readonly verificationUrl: string
  readonly expiresIn: Milliseconds
  readonly interval: Milliseconds
}

export type LoginState =
  | { readonly status: 'pending' | 'denied' | 'expired' }
  | { readonly status: 'approved'; readonly session: Session }

interface LoginOptions {
  readonly connection: Connection
  readonly proxy: Proxy | null
  readonly random: () => number
  readonly sleep: (time: Milliseconds) => Promise<void>
}

/** What the platform's own client takes where an answer says nothing. */
const usual = { expiresIn: 600, interval: 5 } as const
const usualLifetime = hour

const largest = 65_536

function seconds(body: unknown, names: readonly string[], otherwise: number): Milliseconds {
  const values = isRecord(body) ? names.map(name => body[name]) : []
  const value = values.find(each => typeof each === 'number' && each > 0 && each <= 86_400)
  return (typeof value === 'number' ? value : otherwise) * second
}

/** A text of the answer that may be absent. */
function given(record: unknown, name: string): string | null {
  const value = isRecord(record) && Object.hasOwn(record, name) ? record[name] : undefined
  return typeof value === 'string' && value !== '' ? value : null
}

function sessionOf(body: unknown, name: string, former: Session | null, now: Instant): Session {
  const credential = fieldOf(sourceOf(body, name), 'credential')
  const accessToken = given(credential, 'access_token')
  if (accessToken === null || !/^[!-~]{1,8192}$/.test(accessToken))
    throw badAnswer(name, 'lacks `credential.access_token`')
  const refreshToken = given(credential, 'refresh_token')
  const expires = given(credential, 'expires_at')
  return {
    accessToken: new Secret(accessToken),
    refreshToken: refreshToken === null ? (former?.refreshToken ?? null) : new Secret(refreshToken),
    expiresAt: (expires === null ? null : parseTime(expires)) ?? now + usualLifetime,
    userId: given(credential, 'user_id') ?? former?.userId ?? '',
    userEmail: given(credential, 'user_email') ?? former?.userEmail ?? '',
  }
}

/** Every call rejects with a `Failure`. */
export function loginCalls({ connection, proxy, random, sleep }: LoginOptions): LoginCalls {
  let isPlatform = false
  async function post(path: string, body: Readonly<Record<string, string>>): Promise<Answer> {
    const call: Call = {
      method: 'POST',
      path: `/api/cli-connect/${path}`,
      body: JSON.stringify(body),
      expects: 'json',
      maximumBytes: largest,
    }
    const policy = { maxTries: 3, maxWait: 60 * second, hasAnswered: true }
    const attempts = await tryRepeatedly(call, () => sendOnce(call, null, connection), {
      policy,
      random,
      sleep,
    })
    if (attempts.outcome.kind === 'answer' && attempts.outcome.status < 300) {
      isPlatform = true
      return attempts.outcome
    }
    const { baseUrl, timeout } = connection
    throw callFailure(attempts, {
      ...{ call, baseUrl, timeout, proxy, now: connection.now(), timeZone: 'UTC' },
      ...{ sentWith: 'a login', isLogin: true, versionRefused: false, isPlatform },
    })
  }

  return {
    async start() {
      const { body } = await post('start', {})
      const source = sourceOf(body, 'POST /api/cli-connect/start')
      return {
        deviceCode: new Secret(readText(source, 'device_code', 4_096)),
        userCode: readText(source, 'user_code', 100),
        verificationUrl: readText(source, 'verification_url', 2_000),
        expiresIn: seconds(body, ['expires_in', 'expires_in_sec'], usual.expiresIn),
        interval: seconds(body, ['interval', 'interval_sec'], usual.interval),
      }
    },
    async complete({ deviceCode }) {
      const { body } = await post('complete', { device_code: deviceCode.reveal() })
      const name = callName({ method: 'POST', path: '/api/cli-connect/complete' })
      const status = fieldOf(sourceOf(body, name), 'status')
      if (status === 'pending' || status === 'denied' || status === 'expired') return { status }
      if (status !== 'approved') throw badAnswer(name, 'has a `status` that is not one of the four')
      return { status, session: sessionOf(body, name, null, connection.now()) }
    },
    async refresh(session) {
      const { body } = await post('refresh', { refresh_token: session.refreshToken.reveal() })
      return sessionOf(body, 'POST /api/cli-connect/refresh', session, connection.now())
    },
  }
}

/** A login that ended and could not be renewed. */
export function loginEnded(source: string, cause: Failure | PlatformFailure | null): Failure {
  const why = cause === null ? 'it has no refresh token' : (cause.message.split('\n')[0] ?? '')
  return new Failure(
    cause === null || cause.code !== 'network' ? 'authentication' : 'network',
    `The login in ${source} has expired and could not be renewed: ${why}`,
    { hints: ['Log in again: fluxloop-keys auth login, or fluxloop auth login.'] },
  )
}
