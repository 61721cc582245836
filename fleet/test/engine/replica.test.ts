import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Failure } from '../../../src/model/failure.ts'
import { fleetWorld } from '../support/fleet-world.ts'
import { postgresForTest } from '../support/postgres.ts'

const postgres = await postgresForTest(t)

async function world(t: Parameters<typeof fleetWorld>[0]) {
  if (postgres === null) throw new Error('it is skipped')
  const database = await postgres.database()
  return { ...(await fleetWorld(t, database.url)), sql: (text: string) => database.sql(text) }
}

if (postgres !== null) {
  t.test('makes the keys of each stack that is due, and looks at none again before it is due', async t => {
    const w = await world(t)
    const stacks = ['a', 'b', 'c'].map(name => w.stack(name, 2))
    await w.run(stacks)
    t.equal((await w.platform.managed()).length, 6)
    t.strictSame(
      stacks.map(({ name }) => w.stored(name).length),
      [2, 2, 2],
    )
    const rows = await w.sql(
      'select id, state, failures, stack, account from fluxloop_keys.stack order by id',
    )
    t.match(rows[0], { id: 'a', state: 'in-sync', failures: 0, stack: 'a', account: 'sandbox' })
    w.platform.forget()
    await w.run(stacks)
    t.strictSame(w.platform.requests, [])
  })

  t.test('lists the keys of an account once for all stacks that are due at the same time', async t => {
    const w = await world(t)
    const stacks = Array.from({ length: 12 }, (_, index) => w.stack(`s${index}`, 0))
    await w.run(stacks)
    t.strictSame(w.platform.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
  })

  t.test('only plans a stack in plan mode, and says that it drifted', async t => {
    const w = await world(t)
    await w.run([w.stack('a', 2, { mode: 'plan' })])
    t.strictSame(w.platform.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
    t.match(await w.sql('select state, exit_code from fluxloop_keys.stack'), [
      { state: 'drifted', exit_code: 0 },
    ])
  })

  t.test('lets a stack that fails wait longer each time, and runs all others', async t => {
    const w = await world(t)
    const [good, bad] = [w.stack('good', 1), w.stack('bad', 1)]
    writeFileSync(join(w.folder, 'bad', 'fluxloop-keys.yaml'), 'version: 1\nstack: bad\nkeys: 7\n')
    const due = async () =>
      w.sql(
        `select state, failures, problem, round(extract(epoch from due_at - last_ended_at) / 60)::int as minutes
          from fluxloop_keys.stack where id = 'bad'`,
      )
    await w.run([good, bad])
    t.match(await due(), [
      { state: 'failing', failures: 1, minutes: 20, problem: /The configuration has an error/ },
    ])
    await w.sql('update fluxloop_keys.stack set due_at = clock_timestamp()')
    await w.run([good, bad])
    t.match(await due(), [{ failures: 2, minutes: 40 }])
    t.equal((await w.platform.managed()).length, 1)
  })

  t.test('says why where a credential cannot be had', async t => {
    const w = await world(t)
    const credentialOf = () => Promise.reject(new Failure('authentication', 'There is no secret in KEY'))
    await w.run([w.stack('a', 1)], { credentialOf })
    t.match(await w.sql('select state, exit_code, problem from fluxloop_keys.stack'), [
      { state: 'failing', exit_code: 3, problem: 'There is no secret in KEY' },
    ])
    t.strictSame(w.platform.requests, [])
  })

  t.test('lets a stack wait that a defect keeps from being run, and says so', async t => {
    const w = await world(t)
    const credentialOf = () => Promise.reject(new TypeError('x is not a function'))
    await w.run([w.stack('a', 1)], { credentialOf })
    t.match(
      await w.sql('select state, failures, problem, due_at > now() as waits from fluxloop_keys.stack'),
      [{ state: 'failing', failures: 1, problem: /^Internal error: TypeError\. /, waits: true }],
    )
  })

  t.test('takes up a changed entry at once, and leaves out what is not in the file any more', async t => {
    const w = await world(t)
    await w.run([w.stack('a', 1, { mode: 'plan' }), w.stack('b', 1)])
    await w.run([w.stack('a', 1)])
    t.equal((await w.platform.managed()).length, 2)
    const rows = await w.sql(
      'select id, removed_at is not null as removed from fluxloop_keys.stack order by id',
    )
    t.strictSame(rows, [
      { id: 'a', removed: false },
      { id: 'b', removed: true },
    ])
  })

  t.test(
    'looks at the platform itself where another run may have written the stack since the listing',
    async t => {
      const listingsWhere = async (
        stack: string,
        { holder, until }: { readonly holder: string; readonly until: string },
      ) => {
        const w = await world(t)
        const { platform } = w
        let isListed = false
        platform.before = async () => {
          if (!isListed)
            await w.sql(`insert into fluxloop_keys.lease (origin, stack, holder, command, host, os_user, epoch, until)
              values ('${platform.url}', '${stack}', '${holder}', 'apply', 'ci-7', 'ada', 5, ${until})`)
          isListed = true
          return null
        }
        await w.run([w.stack('a', 1)])
        return platform.requests.filter(request => request === 'GET /api/api-keys').length
      }
      const released = { holder: '', until: 'clock_timestamp()' }
      const long = "clock_timestamp() - interval '1 day'"
      const shared = await listingsWhere('another', released)
      t.equal(await listingsWhere('a', released), shared + 1, 'given back since')
      t.equal(await listingsWhere('a', { holder: '', until: long }), shared, 'given back before')
      // What it sent as it ended may come in at any time.
      t.equal(await listingsWhere('a', { holder: 'x', until: long }), shared + 1, 'never given back')
    },
  )

  t.test('looks at the platform itself where the tables were made since the listing', async t => {
    const requestsWhere = async (age: string) => {
      const w = await world(t)
      const { platform } = w
      let isListed = false
      platform.before = async () => {
        if (!isListed)
          await w.sql(`update fluxloop_keys.migration set expanded_at = clock_timestamp() - ${age}`)
        isListed = true
        return null
      }
      await w.run([w.stack('a', 1)])
      return platform.requests.filter(request => request === 'GET /api/api-keys').length
    }
    t.equal(await requestsWhere("interval '0'"), (await requestsWhere("interval '1 day'")) + 1)
  })
}
