import type { Answer, OpenCall } from './incoming-call.ts'
import type { Database } from './database.ts'
import { unauthenticated } from './http-error.ts'
import { randomText, secretHash } from './make-secret.ts'
import { insertSession, replaceSession } from './user-tokens.ts'
import { fieldsOf, textField } from './validation.ts'

/** What the platform's own client expects where an answer says nothing. */
const lifetime = 600_000
const interval = 5

interface LoginRow {
  readonly device_hash: string
  readonly user_code: string
  readonly status: 'pending' | 'approved' | 'denied' | 'used'
  readonly account: string | null
  readonly expires_at: number
}

/** `WDJB-MJHT`: what a person compares, without vowels and digits that look alike. */
function newUserCode(): string {
  const letters = Array.from(randomText(64)).filter(letter => /[bcdfghjkmnpqrstvwxz]/.test(letter))
  return letters.length < 8
    ? newUserCode()
    : `${letters.slice(0, 4).join('')}-${letters.slice(4, 8).join('')}`.toUpperCase()
}

/** `POST /api/cli-connect/start`: a login begins, and waits for a person to approve it. */
export function startLogin({ database, now, origin }: OpenCall): Answer {
  const deviceCode = randomText(40)
  const userCode = newUserCode()
  database.run('delete from device_logins where expires_at <= ?', now - lifetime)
  database.run(
    "insert into device_logins values (?, ?, 'pending', null, ?, ?)",
    secretHash(deviceCode),
    userCode,
    now,
    now + lifetime,
  )
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      device_code: deviceCode,
      user_code: userCode,
      verification_url: `${origin}/cli-connect?user_code=${userCode}`,
      expires_in: lifetime / 1_000,
      interval,
    },
  }
}

/** `POST /api/cli-connect/complete`: what became of it; the credential once, where it was approved. */
export function completeLogin(call: OpenCall): Answer {
  const { database, now } = call
  const fields = fieldsOf('body', call.body())
  const code = textField(fields, 'device_code', { required: true }) ?? ''
  fields.finish()
  const row = database.get('select * from device_logins where device_hash = ?', secretHash(code)) as
    LoginRow | undefined
  const answer = (body: object): Answer => ({ status: 200, headers: { 'cache-control': 'no-store' }, body })
  if (row === undefined || row.expires_at <= now || row.status === 'used')
    return answer({ status: 'expired' })
  if (row.status !== 'approved' || row.account === null) return answer({ status: row.status })
  database.run("update device_logins set status = 'used' where device_hash = ?", row.device_hash)
  return answer({ status: 'approved', credential: insertSession(database, row.account, now) })
}

/** `POST /api/cli-connect/refresh`: a new token for one that ends; the refresh token is replaced, too. */
export function refreshLogin(call: OpenCall): Answer {
  const fields = fieldsOf('body', call.body())
  const token = textField(fields, 'refresh_token', { required: true }) ?? ''
  fields.finish()
  const credential = replaceSession(call.database, token, call.now)
  if (credential === null) throw unauthenticated('Invalid refresh token')
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: { credential } }
}

/** What a person decides about a login that waits. False where none waits under that code. */
export function decideLogin(
  database: Database,
  userCode: string,
  decision: { readonly account: string } | 'denied',
  now: number,
): boolean {
  const [status, account] = decision === 'denied' ? ['denied', null] : ['approved', decision.account]
  const sql =
    "update device_logins set status = ?, account = ? where user_code = ? and status = 'pending' and expires_at > ?"
  return database.run(sql, status, account, userCode, now) === 1
}
