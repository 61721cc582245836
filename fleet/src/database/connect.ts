import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { databaseFailure, isAnswer } from './failures.ts'
import type { Tables } from './tables.ts'
import { type DatabasePlace, parseDatabaseUrl } from './url.ts'

export const schema = 'fluxloop_keys'

export type Database = Kysely<Tables>

export interface Connection {
  readonly db: Database
  readonly place: DatabasePlace
  /** For pg-boss, as its option `db`: each call on its own, over the same pool. */
  readonly boss: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> }
  /** Runs `work`; whatever it rejects with becomes a Failure. */
  readonly guard: <Result>(work: () => Promise<Result>) => Promise<Result>
  close(): Promise<void>
}

export interface ConnectOptions {
  /** At most this many connections. */
  readonly most?: number
  /** How long to wait for a connection. */
  readonly connectTimeout?: Milliseconds
  /** How long to wait for the answer to one statement; the connection is given up then. */
  readonly queryTimeout?: Milliseconds
}

const { builtins } = pg.types

/** Numbers of 8 bytes as numbers, since ours stay far below 2^53, and times as milliseconds since 1970. */
const types = new pg.TypeOverrides()
const parseTime = pg.types.getTypeParser(builtins.TIMESTAMPTZ) as (text: string) => Date
types.setTypeParser(builtins.INT8, Number)
types.setTypeParser(builtins.TIMESTAMPTZ, text => parseTime(text).getTime())

/** As pg's own, but what PGOPTIONS says is not sent: pgbouncer refuses such connections. */
class PlainClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    const own = this as unknown as { connectionParameters: { options?: string } }
    delete own.connectionParameters.options
  }
}

/** Its statement is rejected; without a listener the event would end the process, too. */
const ignore = () => undefined

/** A connection whose last statement got no answer is given up: the answer to it would be taken for the next one's. */
function givingUpBroken(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect()
      client.on('error', ignore)
      let silent = false
      const query = async (text: string, values: readonly unknown[]) => {
        try {
          return await client.query(text, [...values])
        } catch (error) {
          silent ||= !isAnswer(error)
          throw error
        }
      }
      const release = (destroy?: boolean) => {
        const isGivenUp = destroy === true || silent
        client.release(isGivenUp)
        if (!isGivenUp) client.removeListener('error', ignore)
      }
      // Nobody here uses cursors, which its type also asks for.
      return { query, release } as unknown as PostgresPoolClient
    },
    end: () => pool.end(),
  }
}

/**
 * Opens a pool; connects at the first statement. Nothing of it needs a session: no options, no named statements and no `SET`, so
 * that a pooler in transaction mode may stand between. Throws a Failure where the URL cannot be read.
 */
export function connect(url: Secret, options: ConnectOptions = {}): Connection {
  const { user, password, tls, channelBinding, ...place } = parseDatabaseUrl(url)
  const pool = new pg.Pool({
    ...place,
    user,
    password: password?.reveal(),
    ssl: tls,
    enableChannelBinding: channelBinding && tls !== false,
    application_name: 'fluxloop-keys',
    client_encoding: 'UTF8',
    types,
    max: options.most ?? 4,
    connectionTimeoutMillis: options.connectTimeout ?? 5 * second,
    query_timeout: options.queryTimeout ?? 15 * second,
    keepAlive: true,
    allowExitOnIdle: true,
    Client: PlainClient as unknown as new () => pg.ClientBase,
  })
  // Connections that wait in the pool break as the server is restarted; the next statement gets a new one, and says so if it cannot.
  pool.on('error', () => undefined)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: givingUpBroken(pool) }) }).withSchema(
    schema,
  )
  let closing: Promise<void> | null = null
  return {
    db,
    place,
    boss: { executeSql: (text, values) => pool.query(text, values) },
    async guard(work) {
      try {
        return await work()
      } catch (error) {
        throw databaseFailure(place, error)
      }
    },
    close: () => (closing ??= pool.end()),
  }
}
