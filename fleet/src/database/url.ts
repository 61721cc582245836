import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'

/** Where a database is, for messages: without user and password. */
export interface DatabasePlace {
  readonly host: string
  readonly port: number
  readonly database: string
}

export interface DatabaseUrl extends DatabasePlace {
  readonly user: string | undefined
  readonly password: Secret | undefined
  readonly tls: false | ConnectionOptions
  readonly channelBinding: boolean
}

const defaultPort = 5432

const parameters = ['host', 'port', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'channel_binding']

function invalid(what: string, ...hints: readonly string[]): Failure {
  return new Failure('configuration', `Invalid database URL: ${what}`, {
    hints: [...hints, 'Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full.'],
  })
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(`${what} is not percent-encoded`)
  }
}

function fileOf(path: string | null, parameter: string): string | undefined {
  if (path === null) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new Failure(
      'configuration',
      `Cannot read ${path}, which ${parameter} of the database URL names: ${code}`,
    )
  }
}

/**
 * As libpq takes them: `require` encrypts and believes any certificate, unless there is an `sslrootcert`; `verify-ca` checks who
 * signed it, `verify-full` also for which host. Without `sslmode` nothing is encrypted: what falls back by itself protects nothing.
 */
function tlsOf(query: URLSearchParams): false | ConnectionOptions {
  const mode = query.get('sslmode') ?? 'disable'
  const root = query.get('sslrootcert')
  if (mode === 'disable') return false
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) {
    throw invalid(`sslmode=${mode} may send everything unencrypted`, 'Use sslmode=verify-full, or disable.')
  }
  const ca = root === 'system' ? undefined : fileOf(root, 'sslrootcert')
  const [cert, key] = [fileOf(query.get('sslcert'), 'sslcert'), fileOf(query.get('sslkey'), 'sslkey')]
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: mode !== 'require' || root !== null,
    ...(mode === 'verify-full' || root === 'system' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Reads the URL of a database. Throws a Failure that never shows the URL, which has a password in it. */
export function parseDatabaseUrl(given: Secret): DatabaseUrl {
  let url: URL
  try {
    url = new URL(given.reveal())
  } catch {
    throw invalid('it cannot be read')
  }
  if (!['postgres:', 'postgresql:'].includes(url.protocol))
    throw invalid('it does not begin with postgresql://')
  const query = url.searchParams
  if (query.has('options')) {
    throw invalid(
      '`options` is not supported, since poolers do not pass it on',
      'Set them for the role instead.',
    )
  }
  const unknown = [...query.keys()].find(name => !parameters.includes(name))
  if (unknown !== undefined) throw invalid(`the parameter ${JSON.stringify(unknown)} is not supported`)
  const host =
    query.get('host') ?? (decode(url.hostname, 'the host').replace(/^\[(.*)\]$/, '$1') || 'localhost')
  if (host.includes(',')) throw invalid('it names several hosts', 'Name one, or a pooler that knows them.')
  const port = Number((query.get('port') ?? url.port) || defaultPort)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('the port is not a number up to 65535')
  const database = decode(url.pathname.slice(1), 'the database')
  if (database === '') throw invalid('it names no database')
  return {
    host,
    port,
    database,
    user: decode(url.username, 'the user') || undefined,
    password: url.password === '' ? undefined : new Secret(decode(url.password, 'the password')),
    tls: tlsOf(query),
    channelBinding: query.get('channel_binding') !== 'disable',
  }
}

/** `database "fleet" at db.example.com:5432` */
export function describePlace({ host, port, database }: DatabasePlace): string {
  const where = host.includes(':') ? `[${host}]` : host
  return `database "${database}" at ${where}:${port}`
}
