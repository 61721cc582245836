// Many stacks of one credential, one of which never comes right.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { whole } from '../../../test/support/whole.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { fleetWorld } from '../support/fleet-world.ts'
import { postgresForTest } from '../support/postgres.ts'

t.setTimeout(3_600_000)
const [count, otherKeys, rounds] = [whole ? 1_000 : 200, 1_100, 3]
const postgres = await postgresForTest(t)

if (postgres !== null) {
  t.test('lists once a tick for all stacks of a credential, and lets one that fails delay none', async t => {
    const database = await postgres.database()
    const world = await fleetWorld(t, database.url)
    const { platform } = world
    for (let index = 0; index < otherKeys; index += 1) {
      const body = { name: `other ${index}`, scope: '*', permissions: ['read_scenarios'], expires_at: null }
      const headers = {
        authorization: `Bearer ${platform.administrator.reveal()}`,
        'content-type': 'application/json',
      }
      const { status } = await platform.send(
        new Request(`${platform.url}/api/api-keys`, { method: 'POST', headers, body: JSON.stringify(body) }),
      )
      if (status !== 201 && status !== 200) throw new Error(`a key was not made: ${status}`)
    }
    const stacks = Array.from({ length: count }, (_, index) => world.stack(`s${index}`, 0, { mode: 'plan' }))
    const bad = world.stack('bad', 0, { mode: 'plan', priority: 'high' })
    writeFileSync(join(world.folder, 'bad', 'fluxloop-keys.yaml'), 'version: 1\nstack: bad\nkeys: 7\n')
    const keys = (await platform.live()).length
    t.ok(keys > otherKeys)

    const delays: number[] = []
    for (let round = 1; round <= rounds; round += 1) {
      await database
        .sql(`update fluxloop_keys.stack set due_at = clock_timestamp() where state <> 'failing'`)
        .catch(() => [])
      platform.forget()
      const ran: string[] = []
      const ended = ({ name }: { readonly name: string }) => Promise.resolve(void ran.push(name))
      const metrics = { ...createMetrics(), startedAfter: (delay: number) => void delays.push(delay) }
      // It is due again as soon as it failed.
      const dueIn = ({ interval }: { readonly interval: number }, failures: number) =>
        failures > 0 ? 0 : interval
      await world.run([bad, ...stacks], { ended, metrics, dueIn })
      t.strictSame(
        ran.filter(name => name !== 'bad').sort(),
        stacks.map(({ name }) => name).sort(),
        'each other one was run once',
      )
      t.equal(ran.filter(name => name === 'bad').length, 1, 'and it was not run more often')
      t.ok(
        platform.requests.length <= Math.ceil(keys / 1_000) + 1,
        `${keys} keys are listed with ${platform.requests.length} requests`,
      )
    }
    t.match(await database.sql(`select failures from fluxloop_keys.stack where id = 'bad'`), [
      { failures: rounds },
    ])
    t.comment(`the longest start delay of ${count} stacks was ${Math.round(Math.max(...delays))} ms`)
  })
}
