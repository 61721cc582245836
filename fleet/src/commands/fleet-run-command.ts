import { requireDatabaseUrl } from '../../../src/commands/fleet/database-url.ts'
import type { FleetPackage, FleetRunOptions } from '../../../src/commands/fleet/fleet-package.ts'
import type { Context } from '../../../src/context.ts'
import { helperProgram } from '../../../src/runtime/helper-program.ts'
import { type Stores, createStores } from '../../../src/stores/open.ts'
import { type Connection, connect } from '../database/connect.ts'
import { waitForVersion } from '../database/version.ts'
import { fleetWork } from '../engine/fleet-work.ts'
import { runReplica } from '../engine/open-replica.ts'
import type { CredentialReference, Fleet } from '../file/fleet.ts'
import { resolveCredential } from '../file/resolve-credential.ts'
import { type WatchedFleet, watchFleet } from '../file/watch-fleet.ts'
import { connectForLeases, fleetDatabaseOver } from '../open-fleet-database.ts'
import { type Log, createLog } from '../log/replica-log.ts'
import { Pulse } from '../serve/replica-health.ts'
import { createMetrics } from '../serve/metrics.ts'
import { loadFleetFile } from './load-fleet-file.ts'
import { serveReplica } from './serve-replica.ts'

function watched(fleet: Fleet, { cwd }: Context, log: Log): WatchedFleet {
  return watchFleet(
    fleet,
    {
      onChange: ({ stacks }) => log.info('The fleet file changed', { stacks: stacks.length }),
      onProblem: problem => {
        if (problem === null) log.info('The fleet file is right again')
        else {
          const [first] = problem.diagnostics
          log.error('The fleet file is wrong: the fleet stays as it was', { problem: first?.message })
        }
      },
    },
    { cwd },
  )
}

/** What a run opens, and closes at its end in the reverse order. */
class Opened {
  private readonly closing: (() => Promise<void> | void)[] = []

  add<Thing>(thing: Thing, close: (thing: Thing) => Promise<void> | void): Thing {
    this.closing.push(() => close(thing))
    return thing
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close()
  }
}

async function work(
  { listen, parallelism, once, verbose }: FleetRunOptions,
  fleet: Fleet,
  connections: { readonly history: Connection; readonly leases: Connection },
  opened: Opened,
  context: Context,
): Promise<void> {
  const { env, version, stopping, stderr } = context
  const log = createLog({ level: verbose ? 'debug' : 'info', write: line => stderr.print(line) })
  const { history: connection } = connections
  const metrics = createMetrics()
  const accounts = new Map<string, string>()
  const pulse = new Pulse(() => performance.now())
  if (listen !== null) {
    const served = await serveReplica(listen, { connection, accounts, metrics, pulse, stopping })
    opened.add(served, server => server.close())
    log.info('Listening', { url: served.url })
  }
  let waitsFor: string | null = null
  await waitForVersion(connection, {
    signal: stopping,
    onWait: failure => {
      pulse.beat()
      if (failure.message === waitsFor) return
      waitsFor = failure.message
      log.warn('Waiting for the database', { problem: [failure.message, ...failure.hints].join('. ') })
    },
  })
  const database = opened.add(fleetDatabaseOver(connections), each => each.close().catch(() => undefined))
  const helper = helperProgram('keychain-helper')
  const stores: Stores = opened.add(createStores({ env, keychainHelper: helper }), each => each.close())
  const resolve = (reference: CredentialReference) =>
    resolveCredential(reference, { env, stores: () => Promise.resolve(stores) })
  const file = opened.add(watched(fleet, context, log), each => each.close())
  log.info('Working', { stacks: fleet.stacks.length, parallelism })
  await runReplica(
    {
      ...{ version, connection, database, metrics, log, parallelism, stopping },
      ...fleetWork({ connection, accounts, env, version, fleet: file.current, resolve, log, stopping }),
      beat: () => pulse.beat(),
    },
    once,
  )
}

/** Works on the stacks of a fleet until it is stopped. Rejects with a Failure where it cannot begin. */
export const runFleet: FleetPackage['runFleet'] = async (options, context) => {
  const url = requireDatabaseUrl(context.env)
  const fleet = await loadFleetFile(options.fleet, context)
  const opened = new Opened()
  const close = (connection: Connection) => connection.close()
  const connections = {
    history: opened.add(connect(url, { most: options.parallelism + 4 }), close),
    leases: opened.add(connectForLeases(url), close),
  }
  try {
    await context.finishingOnInterrupt(() => work(options, fleet, connections, opened, context))
    return 0
  } finally {
    await opened.close()
  }
}
