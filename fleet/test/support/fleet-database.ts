import type { Test } from 'tap'
import type { Secret } from '../../../src/model/secret.ts'
import { connect, type ConnectOptions, type Connection } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { TestDatabase, TestPostgres } from './postgres.ts'

export interface TestFleetDatabase extends TestDatabase {
  readonly connection: Connection
  /** Another one, closed at the end of the test. */
  connect(options?: ConnectOptions & { readonly url?: Secret }): Connection
}

const migrated = new WeakMap<TestPostgres, Promise<TestDatabase>>()

/** Migrations take a while: once a server. */
async function templateOn(postgres: TestPostgres): Promise<TestDatabase> {
  const template = await postgres.database()
  const connection = connect(template.url)
  await migrate(connection)
  await connection.close()
  return template
}

/** A database with the tables of the newest version, and nothing in them. */
export async function fleetDatabaseForTest(t: Test, postgres: TestPostgres): Promise<TestFleetDatabase> {
  const template = migrated.get(postgres) ?? templateOn(postgres)
  migrated.set(postgres, template)
  const database = await postgres.database(await template)
  const open = ({ url = database.url, ...options }: ConnectOptions & { readonly url?: Secret } = {}) => {
    const connection = connect(url, options)
    t.teardown(() => connection.close())
    return connection
  }
  return { ...database, connection: open(), connect: open }
}
