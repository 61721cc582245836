import t from 'tap'
import { whileLocking } from '../../src/commands/lock-stack.ts'
import { Failure } from '../../src/model/failure.ts'
import type { FleetDatabase } from '../../src/runtime/fleet-database.ts'
import { testContext } from '../support/context.ts'
import { scriptedPlatform } from '../support/scripted-platform.ts'

const options = { command: 'apply', lockTimeout: null, withoutFleet: false }

/** A fleet of which a run gets the lease, and which is away when it is given back. */
function awayAtTheEnd(): FleetDatabase {
  const away = () => Promise.reject(new Failure('network', 'Cannot reach the database'))
  const lease = { epoch: 3, lost: new AbortController().signal, requireHeld: () => undefined, release: away }
  const database = { append: away, readLog: away, readUsage: away, recordUsage: away, close: away }
  return { ...database, takeLease: () => Promise.resolve({ lease }) }
}

t.test('gives back the lock of its machine, and what it did, though the fleet is away by then', async t => {
  const released: string[] = []
  const stackLock = await testContext().stackLock({ origin: 'o', stack: 's' })
  const own = {
    ...{ nonce: 'n', lost: new AbortController().signal, requireHeld: () => undefined },
    release: () => Promise.resolve(void released.push('own')),
  }
  const context = testContext({
    with: {
      replica: { database: awayAtTheEnd(), fleetStack: 'agents' },
      stackLock: () => Promise.resolve({ ...stackLock, take: () => Promise.resolve({ lease: own }) }),
    },
  })
  const { client } = scriptedPlatform(t, [])
  const done = await whileLocking(options, context, async ({ lock, fleetRun }) => {
    t.equal(await lock({ url: 'http://localhost', client }, 'acme'), true)
    return fleetRun()?.lease.epoch
  })
  t.equal(done, 3)
  t.strictSame(released, ['own'])
  t.match(context.err(), /history of the fleet may lack lines of this run\. Cannot reach the database/)
})
