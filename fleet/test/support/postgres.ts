import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Test } from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { type Daemon, freePort, giveToDaemons, needsPrograms, runAsDaemon, startDaemon } from './daemon.ts'

/** The password in every URL of a test: the server asks for none, and no message may show it. */
export const testPassword = 'pw-that-no-message-shows'

export interface TestDatabase {
  readonly name: string
  readonly url: Secret
  /** The same database as another role of the server, which asks for no password. */
  urlAs(role: string): Secret
  /** Runs statements as the superuser, each call on a connection of its own. */
  sql(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export interface TestPostgres {
  readonly port: number
  /** A database of its own: empty, or a copy of another one that nobody is connected to. */
  database(template?: TestDatabase): Promise<TestDatabase>
  /** Stops it as a machine that fails does: connections break, nothing is said. */
  stop(): Promise<void>
  start(): Promise<void>
  restart(): Promise<void>
  /** Puts pgbouncer in transaction mode in front: gives URLs that lead through it. */
  bouncer(options?: { readonly poolSize?: number }): Promise<(url: Secret) => Secret>
}

function urlOf(port: number, database: string, role: string): Secret {
  return new Secret(`postgresql://${role}:${testPassword}@127.0.0.1:${port}/${database}`)
}

async function rowsOf(
  url: Secret,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url.reveal() })
  // Where the server is stopped meanwhile, the statement is rejected.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text, [...values])
    return rows
  } finally {
    await client.end()
  }
}

const settings = [
  'fsync=off',
  'full_page_writes=off',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'shared_buffers=32MB',
  'max_connections=200',
  'autovacuum_naptime=1h',
]

async function bouncerConfig(
  folder: string,
  port: number,
  server: number,
  poolSize: number,
): Promise<string> {
  const [file, users] = [join(folder, 'pgbouncer.ini'), join(folder, 'users.txt')]
  await writeFile(users, `"postgres" "${testPassword}"\n`)
  await writeFile(
    file,
    `[databases]
* = host=127.0.0.1 port=${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
server_login_retry = 1
`,
  )
  for (const path of [file, users]) giveToDaemons(path)
  return file
}

let shared: Promise<TestPostgres> | null = null

/**
 * A real PostgreSQL, on a free port of this machine, for all files of tests in this process; null where it is not installed, and then the
 * test is skipped. Tests may stop it, so nothing asks it for anything outside of one. It loses its data at the first power cut, and is quick
 * therefore.
 */
export async function postgresForTest(
  t: Pick<Test, 'teardown' | 'pass' | 'fail'>,
): Promise<TestPostgres | null> {
  if (!needsPrograms(t, 'initdb', 'postgres', 'setpriv')) return null
  return (shared ??= startPostgres(t))
}

/** One that a test has for itself, with settings of its own; `files` are those of its folder that they name. */
export async function startPostgres(
  t: Pick<Test, 'teardown'>,
  own: { readonly settings?: readonly string[]; readonly files?: Readonly<Record<string, Buffer>> } = {},
): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-postgres-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  giveToDaemons(folder)
  const data = join(folder, 'data')
  runAsDaemon(
    'initdb',
    ['-D', data, '-N', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'],
    folder,
  )
  for (const [name, content] of Object.entries(own.files ?? {})) {
    await writeFile(join(data, name), content, { mode: 0o600 })
    giveToDaemons(join(data, name))
  }
  const port = await freePort()
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    ...[...settings, ...(own.settings ?? [])].flatMap(setting => ['-c', setting]),
  ]
  let daemon: Daemon | null = null
  const server: TestPostgres = {
    port,
    async database(template) {
      // A test before this one may have stopped it.
      if (daemon === null) await server.start()
      made += 1
      const name = `test_${made}`
      await rowsOf(
        urlOf(port, 'postgres', 'postgres'),
        `create database ${name} template ${template?.name ?? 'template0'}`,
      )
      const url = urlOf(port, name, 'postgres')
      return {
        name,
        url,
        urlAs: role => urlOf(port, name, role),
        sql: (text, values) => rowsOf(url, text, values),
      }
    },
    async stop() {
      await daemon?.stop('SIGQUIT')
      daemon = null
    },
    async start() {
      daemon = await startDaemon('postgres', args, { port, cwd: folder })
      // Its port answers before it is ready.
      for (;;) {
        try {
          await rowsOf(urlOf(port, 'postgres', 'postgres'), 'select 1')
          return
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === '57P03')) throw error
        }
      }
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    async bouncer({ poolSize = 5 } = {}) {
      const own = await freePort()
      const config = await bouncerConfig(folder, own, port, poolSize)
      const bouncer = await startDaemon('pgbouncer', [config], { port: own, cwd: folder })
      t.teardown(() => bouncer.stop('SIGKILL'))
      return url => new Secret(url.reveal().replace(`:${port}/`, `:${own}/`))
    },
  }
  let made = 0
  t.teardown(() => server.stop())
  await server.start()
  return server
}
