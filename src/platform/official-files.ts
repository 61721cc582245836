import { CORE_SCHEMA, loadAll } from 'js-yaml'
import { withoutByteOrderMark } from '../model/byte-order-mark.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type Session, keyOf, officialFiles } from './credentials.ts'
import { isRecord } from './reader.ts'
import { formatTime, parseTime } from './wire-time.ts'

/** What a file of the platform's own command line holds for one profile. */
export interface OfficialLogin {
  readonly secret: Secret
  readonly expiresAt: Instant | null
}

function unreadable(file: string, why: string): Failure {
  return new Failure('authentication', `~/${file} ${why}`, {
    hints: ['Log in again with the tool that wrote it, or use `fluxloop-keys auth login`.'],
  })
}

function parse(file: string, read: () => unknown): unknown {
  try {
    return read()
  } catch {
    // What a parser says may quote the line, and the line may hold the key.
    throw unreadable(file, 'cannot be understood')
  }
}

function ownField(record: unknown, name: string): unknown {
  return isRecord(record) && Object.hasOwn(record, name) ? record[name] : undefined
}

/** Absent or empty: it never expires. A bare date is the first instant of that day in UTC. */
function expiryOf(value: unknown, file: string): Instant | null {
  if (value === undefined || value === null || value === '' || value === 'never') return null
  const at = typeof value === 'string' ? parseTime(value.trim()) : null
  if (at === null) throw unreadable(file, 'has an expiry that is not a time in ISO 8601')
  return at
}

/** `profiles.<name>.api_key` and `expires` of `~/.fluxloop/credentials` (YAML). Null where there is no such profile. */
export function readProfile(text: string, profile: string): OfficialLogin | null {
  const file = officialFiles.profiles
  // An empty file has no document at all.
  const content = parse(file, () => loadAll(text, { schema: CORE_SCHEMA })[0])
  const entry = ownField(ownField(content, 'profiles'), profile)
  const key = ownField(entry, 'api_key')
  if (typeof key !== 'string' || key.trim() === '') return null
  return {
    secret: keyOf(key, `\`api_key\` of ${profile} in ~/${file}`),
    expiresAt: expiryOf(ownField(entry, 'expires'), file),
  }
}

/** `~/.fluxloop/auth.json`: a person's login. Null where there is no token. */
export function readToken(text: string): Session | null {
  const file = officialFiles.token
  const content = parse(file, () => JSON.parse(withoutByteOrderMark(text)) as unknown)
  const word = (name: string) => {
    const value = ownField(content, name)
    return typeof value === 'string' ? value : ''
  }
  const token = word('access_token')
  if (token.trim() === '') return null
  const refresh = word('refresh_token').trim()
  return {
    accessToken: keyOf(token, `\`access_token\` in ~/${file}`),
    refreshToken: refresh === '' ? null : new Secret(refresh),
    expiresAt: expiryOf(ownField(content, 'expires_at'), file),
    userId: word('user_id'),
    userEmail: word('user_email'),
  }
}

/** The same as the platform's own client writes it. */
export function writeToken({ accessToken, refreshToken, expiresAt, userId, userEmail }: Session): string {
  return JSON.stringify(
    {
      access_token: accessToken.reveal(),
      refresh_token: refreshToken?.reveal() ?? '',
      expires_at: expiresAt === null ? '' : formatTime(expiresAt).replace('Z', '+00:00'),
      user_id: userId,
      user_email: userEmail,
    },
    null,
    2,
  )
}
