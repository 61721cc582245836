import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { LeaseHolder, StackLease, TakenLease } from '../../../src/runtime/fleet-database.ts'
import type { Connection } from '../../src/database/connect.ts'
import { type LeaseOptions, takeLease } from '../../src/lease/take-lease.ts'
import { needsPrograms } from '../support/daemon.ts'
import { bundled } from '../../../test/support/bundled.ts'
import { fleetDatabaseForTest } from '../support/fleet-database.ts'
import { type TestDatabase, postgresForTest } from '../support/postgres.ts'

const target = { origin: 'https://api.example', stack: 'shop' }

function take(
  connection: Connection,
  options: LeaseOptions & {
    readonly host?: string
    readonly patience?: number
    readonly onWait?: (holder: LeaseHolder | null) => void
  } = {},
): Promise<TakenLease> {
  const { host = 'here', patience = 0, onWait = () => undefined, ...lease } = options
  return takeLease(connection, target, { command: 'apply', host, user: 'ada', patience, onWait }, lease)
}

/** Far from late, however slow this machine is just now. */
const renewedOften = { duration: 60_000, renewedEvery: 300 }

/** Resolves once the one lease in the database was renewed. */
async function renewal({ sql }: Pick<TestDatabase, 'sql'>): Promise<void> {
  const until = async () => (await sql('select until::text from fluxloop_keys.lease'))[0]?.['until']
  const before = await until()
  while ((await until()) === before) await wait(20)
}

/** Resolves once it is lost. */
async function loss({ lost }: StackLease): Promise<void> {
  await wait(60_000, undefined, { signal: lost }).catch(() => undefined)
}

async function taken(connection: Connection, options: Parameters<typeof take>[1] = {}): Promise<StackLease> {
  const { lease } = await take(connection, options)
  if (lease === null) throw new Error('somebody else has the lease')
  return lease
}

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test(
    'gives a lease to one of many that ask at the same moment, and says to the others who has it',
    async t => {
      const { connection } = await fleetDatabaseForTest(t, postgres)
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) => take(connection, { host: `host-${index}` })),
      )
      const won = all.flatMap(({ lease }, index) => (lease === null ? [] : [{ lease, index }]))
      t.equal(won.length, 1)
      for (const one of all) {
        if (one.lease === null)
          t.match(one.holder, { command: 'apply', host: `host-${won[0]?.index}`, user: 'ada' })
        else await one.lease.release()
      }
    },
  )

  t.test(
    'gives an epoch one higher at each take, and one higher than ever where the rows were lost',
    async t => {
      const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
      const first = await taken(connection)
      await first.release()
      const second = await taken(connection)
      t.equal(second.epoch, first.epoch + 1)
      // Seconds since 1970 are what the first epoch of a stack is.
      await database.sql('update fluxloop_keys.lease set epoch = epoch - 10')
      const [row] = await database.sql('delete from fluxloop_keys.lease returning epoch::int as epoch')
      const third = await taken(connection)
      t.ok(third.epoch > Number(row?.['epoch']))
      await third.release()
      await second.release()
    },
  )

  t.test(
    'is held by one at a time, with rising epochs, where several take and release it without a pause',
    async t => {
      const database = await fleetDatabaseForTest(t, postgres)
      const epochs: number[] = []
      let holders = 0
      const worker = async (connection: Connection) => {
        for (let takes = 0; takes < 8;) {
          const { lease } = await take(connection)
          if (lease === null) continue
          takes += 1
          holders += 1
          t.equal(holders, 1)
          epochs.push(lease.epoch)
          lease.requireHeld()
          await wait(2)
          holders -= 1
          await lease.release()
        }
      }
      await Promise.all([0, 1, 2, 3].map(() => worker(database.connect())))
      t.strictSame(
        epochs,
        epochs.map((_, index) => (epochs[0] ?? 0) + index),
      )
    },
  )

  t.test('waits for the holder as long as it has patience, and asks once what to say', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const holder = await taken(connection, { host: 'first' })
    const asked: (string | undefined)[] = []
    const impatient = await take(connection, { patience: 300, onWait: one => asked.push(one?.host) })
    t.equal(impatient.lease, null)
    const waiting = take(connection, {
      patience: 60_000,
      onWait: one => {
        asked.push(one?.host)
        void holder.release()
      },
    })
    const { lease } = await waiting
    t.equal(lease?.epoch, holder.epoch + 1)
    t.strictSame(asked, ['first', 'first'])
    await lease?.release()
  })

  t.test('is held beyond its time as long as it is renewed, and by nobody after it was released', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const lease = await taken(connection, renewedOften)
    for (let looks = 0; looks < 6; looks += 1) {
      await renewal(database)
      lease.requireHeld()
      t.equal((await take(connection)).lease, null)
    }
    await lease.release()
    t.throws(() => lease.requireHeld(), { code: 'conflict' })
    // A renewal that was still planned would come by now.
    await wait(500)
    t.strictSame(
      await database.sql('select holder, until < clock_timestamp() as over from fluxloop_keys.lease'),
      [{ holder: '', over: true }],
    )
    t.notOk(lease.lost.aborted)
  })

  t.test('is lost as soon as a renewal finds that somebody else has it', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const lease = await taken(connection, renewedOften)
    await database.sql('update fluxloop_keys.lease set until = clock_timestamp()')
    const other = await taken(connection)
    await loss(lease)
    t.throws(() => lease.requireHeld(), { code: 'conflict', message: /shop.*another run has it/ })
    await lease.release()
    other.requireHeld()
    t.equal((await take(connection)).lease, null, 'giving back a lost lease takes it from nobody')
    await other.release()
  })

  t.test('survives the end of every session, and a restart of the database', async t => {
    const { connection, ...database } = await fleetDatabaseForTest(t, postgres)
    const lease = await taken(connection, renewedOften)
    await database.sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
    )
    await renewal(database)
    await postgres.restart()
    await renewal(database)
    await postgres.stop()
    await postgres.start()
    await renewal(database)
    lease.requireHeld()
    t.equal((await take(connection)).lease, null)
    await lease.release()
    const next = await taken(connection)
    t.equal(next.epoch, lease.epoch + 1)
    await next.release()
  })

  t.test('is lost once the database is away for too long, and cannot be taken meanwhile', async t => {
    const { connection } = await fleetDatabaseForTest(t, postgres)
    const lease = await taken(connection, { duration: 1_000 })
    await postgres.stop()
    await loss(lease)
    t.throws(() => lease.requireHeld(), { code: 'conflict', message: /not renewed in time/ })
    await t.rejects(take(connection), {
      code: 'network',
      message: new RegExp(`127\\.0\\.0\\.1:${postgres.port}`),
    })
    await lease.release()
    await postgres.start()
    const next = await taken(connection, { patience: 60_000 })
    t.equal(next.epoch, lease.epoch + 1)
    await next.release()
  })

  t.test('begins no write under an old epoch where its process was stopped beyond the lease', async t => {
    const { url, connection } = await fleetDatabaseForTest(t, postgres)
    const script = await bundled(fileURLToPath(new URL('../support/lease-holder.ts', import.meta.url)))
    const env = { ...process.env, NODE_OPTIONS: '' }
    const child = spawn(process.execPath, [script, url.reveal(), '3000'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    const lines: string[] = []
    const output = createInterface({ input: child.stdout })
    output.on('line', line => lines.push(line))
    await once(output, 'line')
    child.kill('SIGSTOP')
    const { lease } = await take(connection, { patience: 60_000 })
    if (lease === null) throw new Error('the lease of a stopped process did not end')
    // Writes from before it was stopped may still stand in the pipe.
    await wait(100)
    const before = lines.length
    child.kill('SIGCONT')
    await closed
    t.strictSame([...new Set(lines.slice(0, before))], [`write ${lease.epoch - 1}`])
    t.strictSame(
      lines.slice(before).filter(line => line.startsWith('write')).length <= 1,
      true,
      'but the one in flight',
    )
    t.match(lines.at(-1), /Lost the lease of the stack shop/)
    lease.requireHeld()
    await lease.release()
  })

  t.test('is taken, renewed and released behind pgbouncer with a single session', async t => {
    if (!needsPrograms(t, 'pgbouncer')) return
    const database = await fleetDatabaseForTest(t, postgres)
    const through = (await postgres.bouncer({ poolSize: 1 }))(database.url)
    const [one, other] = [database.connect({ url: through }), database.connect({ url: through })]
    const lease = await taken(one, renewedOften)
    await renewal(database)
    lease.requireHeld()
    t.equal((await take(other)).lease, null)
    await lease.release()
    const next = await taken(other)
    t.equal(next.epoch, lease.epoch + 1)
    await next.release()
  })
}
