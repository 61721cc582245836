import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { hour } from '../../../src/model/duration.ts'
import { testContext } from '../../../test/support/context.ts'
import { readFleetStatus, showFleetStatus } from '../../src/commands/fleet-status-command.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { readStatus } from '../../src/status/read-status.ts'
import { type TestDatabase, postgresForTest } from '../support/postgres.ts'

const schema = new URL('../../schemas/status.schema.json', import.meta.url)
const ajv = new Ajv2020({ validateFormats: false })
const isStatus = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object)
const hash = 'ab'.repeat(16)

/** A stack in each state; `web` is written now, `gone` left the fleet file. */
const rows = `
insert into fluxloop_keys.stack
  (id, origin, stack, account, mode, digest, priority, due_at, state, state_since, failures, exit_code, problem,
   last_ended_at, next_event, next_event_at, removed_at)
values
  ('web', 'https://p', 'web', 'acme', 'apply', 'd', 0, now() + interval '1 hour', 'in-sync', now(), 0, 0, null,
   now(), 'rotation', now() + interval '9 days', null),
  ('billing', 'https://p', 'billing', 'acme', 'apply', 'd', 0, now() - interval '1 minute', 'failing', now(), 3, 4,
   'Cannot reach it', now(), null, null, null),
  ('agents', 'https://p', 'agents', 'acme', 'plan', 'd', 0, now(), 'drifted', now(), 0, 2, '2 to update', now(), null, null, null),
  ('fresh', 'https://p', 'fresh', null, 'plan', 'd', 0, now(), 'new', now(), 0, null, null, null, null, null, null),
  ('gone', 'https://p', 'gone', null, 'plan', 'd', 0, now(), 'failing', now(), 9, 1, 'x', null, null, null, now());
insert into fluxloop_keys.lease (origin, stack, holder, command, host, os_user, epoch, until)
values
  ('https://p', 'web', 'h', 'fleet run', 'build-3', 'ops', 7, now() + interval '30 seconds'),
  ('https://p', 'agents', 'h', 'apply', 'desk', 'jo', 3, now() - interval '1 second');
insert into fluxloop_keys.budget (credential, tokens, refilled_at, capacity, per_seconds)
values
  ('${hash}', 100, clock_timestamp() - interval '6 minutes', 1000, 3600),
  ('cd${hash.slice(2)}', 990, clock_timestamp() - interval '1 day', 1000, 3600);
insert into fluxloop_keys.request (credential, hour, lane, count)
values
  ('${hash}', date_trunc('hour', clock_timestamp()), 'plan', 40),
  ('${hash}', date_trunc('hour', clock_timestamp()) - interval '1 hour', 'heal', 1000),
  ('${hash}', date_trunc('hour', clock_timestamp()) - interval '2 hours', 'plan', 500);`

const postgres = await postgresForTest(t)
if (postgres !== null) {
  const filled = async (): Promise<TestDatabase> => {
    const database = await postgres.database()
    const connection = connect(database.url)
    await migrate(connection)
    await connection.close()
    await database.sql(rows)
    return database
  }

  t.test('reads every stack of the fleet file, the worst first, and who writes one now', async t => {
    const { url } = await filled()
    const { stacks, totals } = await readFleetStatus(url)
    t.strictSame(totals, { failing: 1, drifted: 1, new: 1, 'in-sync': 1 })
    t.match(stacks, [
      {
        name: 'billing',
        failures: 3,
        exitCode: 4,
        problem: 'Cannot reach it',
        holder: null,
        nextEvent: null,
      },
      { name: 'agents', mode: 'plan', holder: null },
      { name: 'fresh', account: null, lastRun: null, exitCode: null },
      { name: 'web', holder: { command: 'fleet run', host: 'build-3' }, nextEvent: { event: 'rotation' } },
    ])
    t.equal(stacks.length, 4)
  })

  t.test('reads what is left of a budget now, and what the last hour took', async t => {
    const { url } = await filled()
    const connection = connect(url)
    t.teardown(() => connection.close())
    const { credentials, at } = await readStatus(connection.db, new Map([[hash, 'acme']]))
    t.match(credentials, [
      {
        credential: 'abababab',
        account: 'acme',
        capacity: 1_000,
        resetsAt: null,
        used: { plan: 40, leaked: 0 },
      },
      { credential: 'cdababab', account: null, remaining: 1_000, used: { plan: 0 } },
    ])
    const [first] = credentials
    t.ok(first !== undefined && first.remaining >= 200 && first.remaining < 220, 'it filled up for 6 minutes')
    const share = 1 - (at % hour) / hour
    t.equal(
      first?.used.heal,
      Math.round(1_000 * share),
      'of the hour before, the part that is in the last hour',
    )
  })

  t.test('shows it as text and as the JSON of its schema, and ends with 0 though a stack fails', async t => {
    const { url } = await filled()
    const env = { FLUXLOOP_KEYS_DATABASE_URL: url.reveal() }
    const text = testContext({ env, width: 80 })
    t.equal(await showFleetStatus({ fleet: null, json: false }, text), 0)
    t.match(text.out(), /^4 stacks: 1 failing, 1 drifted, 1 new, 1 in sync\.\n\nSTACK +STATE/)
    t.match(text.out(), /written by fleet run on build-3 for /)
    const json = testContext({ env })
    t.equal(await showFleetStatus({ fleet: null, json: true }, json), 0)
    t.ok(isStatus(JSON.parse(json.out())), ajv.errorsText(isStatus.errors))
  })

  t.test('says what is missing: the variable, the tables, the database', async t => {
    const options = { fleet: null, json: false }
    await t.rejects(showFleetStatus(options, testContext()), { code: 'usage' })
    const { url } = await postgres.database()
    await t.rejects(readFleetStatus(url), { code: 'conflict', hints: [/fleet migrate/] })
    await postgres.stop()
    await t.rejects(readFleetStatus(url), { code: 'network' })
    await postgres.start()
  })
}
