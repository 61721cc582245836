import t from 'tap'
import type { LogLine } from '../../../src/model/log.ts'
import { day } from '../../../src/model/duration.ts'
import { readFindings, recordFindings } from '../../src/ledger/finding-rows.ts'
import type { SeenFinding } from '../../src/ledger/finding-states.ts'
import { readLines } from '../../src/ledger/log-rows.ts'
import { openLogWriter } from '../../src/ledger/log-writer.ts'
import { forgetOld } from '../../src/ledger/retention.ts'
import { beginRun, endRun } from '../../src/ledger/runs.ts'
import { readUsage, recordUsage } from '../../src/ledger/usage-rows.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { changeLine, runLine } from '../support/log-lines.ts'
import { postgresForTest } from '../support/postgres.ts'

const place = { origin: 'https://api.example', stack: 'shop', epoch: 3, fleetStack: 'shop-prod' }
const everything = { origin: null, stack: null, since: null }
const early = '2026-03-01T10:00:00.000Z'
const late = '2026-03-01T11:00:00.000Z'

function found(fingerprint: string, fields: Partial<SeenFinding> = {}): SeenFinding {
  const usual = { rule: 'no-expiry', severity: 'high', keyId: 'ci', liveId: 'key_1', message: 'Never ends' }
  return { ...usual, fingerprint, suppressed: false, ...fields }
}

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('reads the lines of runs as they were appended, the oldest run first', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const writer = openLogWriter(connection)
    const lines: readonly LogLine[] = [
      runLine('run-1', early),
      ...Array.from({ length: 12 }, (_, index) => changeLine('run-1', early, `key-${index}`)),
      runLine('run-2', late, 'other'),
      changeLine('run-2', late, 'ci', 'other'),
    ]
    // The second run's first, as of two machines.
    for (const line of [...lines.slice(13), ...lines.slice(0, 13)])
      await writer.append({ ...place, stack: line.stack }, line)
    t.strictSame(await readLines(connection.db, everything), lines)
    t.strictSame(await readLines(connection.db, { ...everything, stack: 'other' }), lines.slice(13))
    t.strictSame(await readLines(connection.db, { ...everything, since: Date.parse(late) }), lines.slice(13))
    t.strictSame(await readLines(connection.db, { ...everything, origin: 'https://elsewhere' }), [])
  })

  t.test('reads thousands of runs that began in the same millisecond, each once', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    await database.sql(
      `insert into fluxloop_keys.run (run, origin, account, stack, mode, host, os_user, plan, started_at, line)
       select 'run-' || n, 'o', 'a', 's', 'apply', 'h', 'u', '{}',
         timestamptz '2026-03-01Z' + (n % 5) * interval '1 microsecond', jsonb_build_object('run', 'run-' || n)
       from generate_series(1, 1234) n`,
    )
    const lines = await readLines(connection.db, everything)
    t.equal(new Set(lines.map(line => line.run)).size, 1234)
    t.equal(lines.length, 1234)
  })

  t.test('keeps lines while the database is away, and writes each once when it is back', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const writer = openLogWriter(connection)
    const lines = [runLine('run-1', early), ...['a', 'b', 'c'].map(key => changeLine('run-1', early, key))]
    const [first, second, third, fourth] = lines as [LogLine, LogLine, LogLine, LogLine]
    await writer.append(place, first)
    await postgres.stop()
    await t.rejects(writer.append(place, second), { name: 'Failure', code: 'network' })
    await t.rejects(writer.append(place, third), { name: 'Failure', code: 'network' })
    await postgres.start()
    await writer.append(place, fourth)
    t.strictSame(await readLines(connection.db, everything), lines)
    await writer.flush()
  })

  t.test('survives a restart of the database in the middle of a run without a word', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const writer = openLogWriter(connection)
    await writer.append(place, runLine('run-1', early))
    await postgres.restart()
    await writer.append(place, changeLine('run-1', early, 'ci'))
    t.equal((await readLines(connection.db, everything)).length, 2)
  })

  t.test('stores texts that PostgreSQL does not take', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const writer = openLogWriter(connection)
    await writer.append(place, runLine('run-1', early))
    await writer.append(place, changeLine('run-1', early, 'nul \0 and half \ud800'))
    const [, change] = await readLines(connection.db, everything)
    t.match(change, { key: 'nul \ufffd and half \ufffd' })
  })

  t.test('fails by a Failure where the tables were dropped', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const writer = openLogWriter(connection)
    await database.sql('drop schema fluxloop_keys cascade')
    await t.rejects(writer.append(place, runLine('run-1', early)), { name: 'Failure', code: 'configuration' })
  })

  t.test('knows when a run ended and how, whether its line came before it began or after', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const { db } = connection
    const writer = openLogWriter(connection)
    const begun = {
      ...place,
      account: 'acme',
      mode: 'apply',
      host: 'h',
      user: 'u',
      keyId: null,
      keyName: null,
      plan: { create: 1 },
      age: 0,
      widens: true,
    } as const
    await beginRun(db, { ...begun, run: 'run-1' })
    await writer.append(place, runLine('run-1', early))
    await writer.append(place, runLine('run-2', early))
    await beginRun(db, { ...begun, run: 'run-2' })
    await beginRun(db, { ...begun, run: 'run-3', mode: 'plan' })
    for (const run of ['run-1', 'run-2', 'run-3']) await endRun(db, run, { exitCode: 7, requests: 12 })
    t.strictSame(
      await database.sql(
        `select run, mode, exit_code, requests, widens, line is not null as line, ended_at is not null as ended
         from fluxloop_keys.run order by run`,
      ),
      ['run-1', 'run-2', 'run-3'].map(run => ({
        run,
        mode: run === 'run-3' ? 'plan' : 'apply',
        exit_code: 7,
        requests: 12,
        widens: true,
        line: run !== 'run-3',
        ended: true,
      })),
    )
    t.equal((await readLines(db, everything)).length, 2, 'a run that only planned has no line')
  })

  t.test('follows the life of findings, and gives those that changed their state', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const at = { origin: 'https://api.example', account: 'acme', stack: 'shop' }
    const look = async (...seen: readonly SeenFinding[]) =>
      (await recordFindings(db, at, seen)).map(({ fingerprint, from, to }) => [fingerprint, from, to])
    t.strictSame(await look(found('b'), found('a')), [
      ['a', null, 'open'],
      ['b', null, 'open'],
    ])
    t.strictSame(await look(found('a'), found('b')), [])
    t.strictSame(await look(found('a', { suppressed: true })), [
      ['a', 'open', 'suppressed'],
      ['b', 'open', 'resolved'],
    ])
    t.strictSame(await look(found('b', { message: 'Once more' })), [
      ['a', 'suppressed', 'resolved'],
      ['b', 'resolved', 'reopened'],
    ])
    t.strictSame(await recordFindings(db, { ...at, stack: 'other' }, []), [])
    t.match(await readFindings(db), [{ fingerprint: 'b', state: 'reopened', message: 'Once more' }])
  })

  t.test('keeps the greatest figure of a day of usage', async t => {
    const { db } = (await fleetDatabaseForTest(t, postgres)).connection
    const at = { origin: 'https://api.example', account: 'acme' }
    const usage = (requests: number) => [{ liveId: 'key_1', day: '2026-03-01', requests, body: { requests } }]
    for (const requests of [5, 9, 7]) await recordUsage(db, at, usage(requests))
    t.strictSame(await readUsage(db, { ...at, since: '2026-03-01' }), usage(9))
    t.strictSame(await readUsage(db, { ...at, since: '2026-03-02' }), [])
  })

  t.test('forgets what is older than it is kept for, and nothing else', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const { db } = connection
    await database.sql(`
      insert into fluxloop_keys.run (run, origin, account, stack, mode, host, os_user, plan, started_at)
        select 'run-' || n, 'o', 'a', 's', 'plan', 'h', 'u', '{}', now() - (n - 0.5) * interval '1 day' from generate_series(1, 60) n;
      insert into fluxloop_keys.change (run, ordinal, at, key, action, status, body)
        select 'run-' || n, 1, now() - (n - 0.5) * interval '1 day', 'k', 'create', 'done', '{}' from generate_series(1, 60) n;
      insert into fluxloop_keys.finding (origin, account, stack, fingerprint, rule, severity, message, state, changed_at)
        select 'o', 'a', 's', n || state, 'r', 'high', 'm', state, now() - (n - 0.5) * interval '1 day'
        from generate_series(1, 60) n, unnest(array ['open', 'resolved']) state;
      insert into fluxloop_keys.usage (origin, account, live_id, day, requests)
        select 'o', 'a', 'k', to_char(now() - n * interval '1 day', 'YYYY-MM-DD'), 1 from generate_series(1, 60) n;
      insert into fluxloop_keys.request (credential, hour, lane, count)
        select 'c', now() - (n - 0.5) * interval '1 day', 'plan', 1 from generate_series(1, 60) n`)
    t.equal(await forgetOld(db, { keep: 40 * day, batch: 7 }), 5 * 20)
    t.equal(await forgetOld(db, { keep: 40 * day }), 0)
    const counts = await database.sql(`
      select (select count(*)::int from fluxloop_keys.run) as run, (select count(*)::int from fluxloop_keys.change) as change,
        (select count(*)::int from fluxloop_keys.finding) as finding`)
    t.strictSame(counts, [{ run: 40, change: 40, finding: 40 + 60 }])
  })
}
