import t from 'tap'
import { readFleet } from '../../../src/commands/ui/read-fleet-status.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import * as fleet from '../../src/main.ts'
import { postgresForTest } from '../support/postgres.ts'

const load = async () => fleet

t.test('shows no fleet where the environment names none, and loads nothing', async t => {
  const never = () => Promise.reject(new Error('loaded'))
  t.strictSame(await readFleet({}, never), { status: null, trouble: null })
})

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('shows the fleet of the environment, and why it cannot be shown', async t => {
    const database = await postgres.database()
    const { url } = database
    const env = { FLUXLOOP_KEYS_DATABASE_URL: url.reveal() }
    t.match(await readFleet(env, load), {
      status: null,
      trouble: /^The fleet is not up to date: .*needs version/,
    })
    const connection = connect(url)
    await migrate(connection)
    await connection.close()
    await database.sql(`insert into fluxloop_keys.stack (id, origin, stack, mode, digest, priority)
      values ('one', 'https://p', 'one', 'apply', 'd', 0)`)
    t.match(await readFleet(env, load), {
      status: { totals: { new: 1, failing: 0 }, stacks: [{ name: 'one', state: 'new' }] },
      trouble: null,
    })
    await postgres.stop()
    const { trouble } = await readFleet(env, load)
    t.match(trouble, /^The fleet is not up to date: Cannot reach/)
    t.notMatch(trouble, 'pw-that-no-message-shows')
    t.match(await readFleet({ FLUXLOOP_KEYS_DATABASE_URL: 'mysql://x' }, load), {
      trouble: /not the URL of a PostgreSQL/,
    })
  })
}
