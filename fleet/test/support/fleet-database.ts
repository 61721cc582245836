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

/** An empty database with the tables of the newest version. */
export async function fleetDatabaseForTest(t: Test, postgres: TestPostgres): Promise<TestFleetDatabase> {
  const database = await postgres.database()
  const open = ({ url = database.url, ...options }: ConnectOptions & { readonly url?: Secret } = {}) => {
    const connection = connect(url, options)
    t.teardown(() => connection.close())
    return connection
  }
  const connection = open()
  await migrate(connection)
  return { ...database, connection, connect: open }
}
