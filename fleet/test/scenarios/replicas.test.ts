// Replicas that are killed and stopped, a database that goes away, and clocks that are wrong.
import t from 'tap'
import { fractions } from '../../../test/support/random.ts'
import { whole } from '../../../test/support/whole.ts'
import { second } from '../../../src/model/duration.ts'
import { disturb } from '../support/disturb.ts'
import { type ScenarioShape, fleetScenario, prepareDatabase } from '../support/fleet-scenario.ts'
import { postgresForTest } from '../support/postgres.ts'
import { terminate } from '../support/replica-process.ts'
import { watchTakes } from '../support/take-log.ts'
import { epochFaults } from '../support/write-log.ts'

t.setTimeout(3_600_000)
const lease = 4 * second
const given = process.env['SEED']
const seed = Number(given ?? 27)

/**
 * Short in `npm test`; the campaign plays it with seeds of its own, and WHOLE at the size of a company. `troubles`: how many, at the most, of as
 * many writes as it takes when nothing happens. A run of a stack is to come to its end now and then.
 */
function shapeOf(): ScenarioShape & { readonly troubles: number } {
  if (whole) return { stacks: 200, keysOfEach: 20, lease, troubles: 20 }
  return given === undefined
    ? { stacks: 3, keysOfEach: 4, lease, troubles: 3 }
    : { stacks: 30, keysOfEach: 10, lease, troubles: 15 }
}

const postgres = await postgresForTest(t)

if (postgres !== null) {
  t.test('converges whatever happens to replicas, to the database and to clocks', async t => {
    const shape = shapeOf()
    const database = await postgres.database()
    const scenario = await fleetScenario(t, database, shape)
    const { log, platform } = scenario
    await prepareDatabase(database.url, platform.administrator)
    const takes = await watchTakes(database)
    const all = shape.stacks * shape.keysOfEach * 2
    const disturbed = disturb(3, number => scenario.start(number), {
      random: fractions(seed),
      every: all / shape.troubles,
      lease,
    })
    const restarts: Promise<void>[] = []
    log.onWrite = () => {
      disturbed.step()
      if (log.writes.length > all / 2 && restarts.length === 0) restarts.push(postgres.restart())
    }
    await scenario.converged()
    await disturbed.calm()
    await Promise.all(restarts)
    log.onWrite = () => undefined
    t.strictSame(await terminate(disturbed.replicas), [])
    t.equal(restarts.length, 1, 'the database was restarted')
    const { faults, late } = epochFaults(log.writes, await takes())
    t.strictSame(faults, [])
    t.strictSame(await scenario.faults(late), [])
    t.strictSame(await scenario.planFaults(), [])
    const { kills, stops } = disturbed
    t.ok(kills > 0 && stops > 0)
    t.comment(
      `seed ${seed}: ${log.writes.length} writes, ${kills} kills, ${stops} stops, ${late.size} keys with a write on its way as a lease was lost`,
    )
  })

  t.test('runs each stack once while nothing is killed, though the clocks of replicas differ', async t => {
    const database = await postgres.database()
    const shape = { stacks: 20, keysOfEach: 1, lease: 30 * second }
    const scenario = await fleetScenario(t, database, shape)
    await prepareDatabase(database.url, scenario.platform.administrator)
    const replicas = [0, 1, 2].map(number => scenario.start(number))
    await scenario.converged()
    t.strictSame(await terminate(replicas), [])
    const strange = replicas.flatMap(({ lines }) => lines().filter(line => !line.startsWith('{')))
    t.strictSame(strange, [], 'Node warns of nothing')
    const runs = await database.sql(
      'select fleet_stack, count(*)::int as runs from fluxloop_keys.run group by fleet_stack order by fleet_stack',
    )
    t.strictSame(
      runs,
      scenario.names.map(name => ({ fleet_stack: name, runs: 1 })),
    )
    t.equal((await scenario.platform.managed()).length, shape.stacks)
    t.strictSame(await scenario.faults(), [])
  })
}
