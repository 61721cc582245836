import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Milliseconds, minute, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { type ServedPlatform, servedPlatform } from '../../../test/support/served-platform.ts'
import type { SharedBudget } from '../../src/engine/budgeted.ts'
import { type ReplicaOptions, runReplica } from '../../src/engine/open-replica.ts'
import { type Connection, connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { Fleet, FleetStack } from '../../src/file/fleet.ts'
import { takeLease } from '../../src/lease/take-lease.ts'
import { createLog } from '../../src/log/replica-log.ts'
import { createMetrics } from '../../src/serve/metrics.ts'

/** As much as anybody asks for. */
const endless: SharedBudget = {
  take: () => Promise.resolve(null),
  giveBack: () => Promise.resolve(),
  correct: () => Promise.resolve(),
}

export interface FleetWorld {
  readonly platform: ServedPlatform
  readonly connection: Connection
  readonly folder: string
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** Writes a stack with that many keys, each of which goes into an env file. */
  stack(name: string, keys: number, more?: Partial<FleetStack>): FleetStack
  /** What a store of a stack holds: the lines of its env file. */
  stored(name: string): readonly string[]
  run(stacks: readonly FleetStack[], more?: Partial<ReplicaOptions>): Promise<void>
}

function configurationOf(name: string, keys: number): string {
  const declared = Array.from(
    { length: keys },
    (_, index) =>
      `  k${index}:\n    name: ${name} ${index}\n    scope: all\n    permissions: [read_scenarios]\n    expires: 90d\n    store: { env-file: { path: .env, name: KEY_${index} } }\n`,
  )
  return `version: 1\nstack: ${name}\nkeys:\n${declared.join('')}`
}

export async function fleetWorld(
  t: Test,
  url: Secret,
  lease: Milliseconds = 30 * second,
): Promise<FleetWorld> {
  const platform = await servedPlatform(t)
  const connection = connect(url)
  await migrate(connection)
  const folder = mkdtempSync(join(tmpdir(), 'fluxloop-keys-fleet-'))
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = createLog({
    level: 'info',
    write: line => void lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>),
  })
  t.teardown(async () => {
    await connection.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const database: ReplicaOptions['database'] = {
    takeLease: (target, asked) => takeLease(connection, target, asked, { duration: lease }),
    append: () => Promise.resolve(),
    readLog: () => Promise.resolve([]),
    readUsage: () => Promise.resolve([]),
    recordUsage: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return {
    platform,
    connection,
    folder,
    lines,
    stack(name, keys, more = {}) {
      const path = join(folder, name)
      mkdirSync(path, { recursive: true })
      writeFileSync(join(path, 'fluxloop-keys.yaml'), configurationOf(name, keys))
      const account = {
        name: 'main',
        apiUrl: platform.url,
        credential: { kind: 'env', name: 'KEY' },
      } as const
      return {
        ...{ name, account, config: [], mode: 'apply', interval: 10 * minute, jitter: 0, windows: [] },
        ...{ source: { kind: 'folder', path }, priority: 'normal', owner: null, programs: [], variables: [] },
        ...more,
      }
    },
    stored: name =>
      readFileSync(join(folder, name, '.env'), 'utf8')
        .trim()
        .split('\n'),
    async run(stacks, more = {}) {
      const fleet: Fleet = { file: join(folder, 'fleet.yaml'), stacks, notifiers: [], retention: minute }
      const options: ReplicaOptions = {
        ...{ version: '0.0.0-test', connection, database, log, fleet: () => fleet },
        budgetOf: () => endless,
        digestOf: ({ name, mode }) => `${name} ${mode}`,
        credentialOf: () => Promise.resolve(platform.administrator),
        placeOf: ({ source }) => Promise.resolve({ folder: source.path, checkout: null }),
        environmentOf: () => ({
          PATH: process.env['PATH'],
          HOME: folder,
          XDG_STATE_HOME: join(folder, 'state'),
        }),
        modeNow: ({ mode }) => mode,
        dueIn: ({ interval }, failures) => interval * 2 ** failures,
        ended: () => Promise.resolve(),
        afterTick: () => Promise.resolve(),
        beat: () => undefined,
        metrics: createMetrics(),
        ...{ parallelism: 4, changesAtOnce: 10, tick: second, stopping: new AbortController().signal },
        ...more,
      }
      await runReplica(options, true)
    },
  }
}
