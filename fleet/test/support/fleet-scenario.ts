import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Milliseconds, minute, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import {
  type Marked,
  keysOf,
  headFaults,
  isDelivered,
  orphanFaults,
  storeFaults,
  statesOf,
} from '../../../test/support/invariants.ts'
import { type ServedPlatform, servedPlatform } from '../../../test/support/served-platform.ts'
import { hashCredential } from '../../src/budget/credential.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { TestDatabase } from './postgres.ts'
import { type ReplicaOptions, type ReplicaProcess, bundledReplica, startReplica } from './replica-process.ts'
import { type WriteLog, watchWrites } from './write-log.ts'

const isRetiring = ({ marker }: Marked): boolean => marker.state.kind === 'retiring'

export interface ScenarioShape {
  readonly stacks: number
  readonly keysOfEach: number
  readonly lease: Milliseconds
  readonly mode?: 'plan' | 'apply'
  readonly parallelism?: number
}

/** Replicas as processes, on a real database and a platform over HTTP. */
export interface FleetScenario {
  readonly platform: ServedPlatform
  readonly log: WriteLog
  readonly names: readonly string[]
  folderOf(name: string): string
  readonly url: Secret
  start(number: number, more?: Partial<ReplicaOptions>): ReplicaProcess
  writeFleetFile(mode: 'plan' | 'apply'): Promise<void>
  /** Changes the configuration of one stack. */
  declare(name: string, text: string): Promise<void>
  /** Resolves once every stack is in sync, as a run in that mode saw it; to how often the database was asked. */
  converged(mode?: 'plan' | 'apply'): Promise<number>
  /**
   * What is wrong with the keys and the stores. `late`: names of keys whose make may have been on its way as somebody else took over. Such
   * a key has a successor, and retires: its secret may have been read.
   */
  faults(late?: ReadonlySet<string>): Promise<readonly string[]>
  /** What is not empty in the next plan of each stack. */
  planFaults(): Promise<readonly string[]>
}

const clocks: readonly Milliseconds[] = [0, minute, -minute]

/** The configuration of a stack with that many keys, each of which has a file for its secret. */
export function declared(name: string, keys: number): string {
  const key = (index: number) =>
    `  k${index}: { name: ${name} ${index}, scope: all, permissions: [read_scenarios], expires: 90d, store: { env-file: { path: k${index}.env, name: KEY } } }\n`
  const all = Array.from({ length: keys }, (_, index) => key(index)).join('')
  return `version: 1\nstack: ${name}\nkeys:${all === '' ? ' {}' : ''}\n${all}`
}

/** The tables, and a budget for the credential that is larger than the platform's usual one. */
export async function prepareDatabase(url: Secret, credential: Secret): Promise<void> {
  const connection = connect(url)
  try {
    await migrate(connection)
    const tokens = 1_000_000
    await connection.db
      .insertInto('budget')
      .values({ credential: hashCredential(credential), tokens, capacity: tokens, per_seconds: 3_600 })
      // Replicas at work may be quicker.
      .onConflict(conflict => conflict.column('credential').doUpdateSet({ tokens, capacity: tokens }))
      .execute()
  } finally {
    await connection.close()
  }
}

export async function fleetScenario(
  t: Pick<Test, 'teardown'>,
  database: TestDatabase,
  { stacks, keysOfEach, lease, mode: usualMode = 'apply', parallelism = 4 }: ScenarioShape,
  url: Secret = database.url,
): Promise<FleetScenario> {
  const platform = await servedPlatform(t)
  const log = await watchWrites(platform)
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-fleet-'))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const names = Array.from({ length: stacks }, (_, index) => `s${String(index).padStart(4, '0')}`)
  const file = join(folder, 'fleet.yaml')
  let crashed: string | null = null
  /** What the fleet did to a key, and what of it came in when, for a fault. */
  const history = async (name: string, id: string): Promise<string> => {
    const rows = await database.sql(
      `select change.body from fluxloop_keys.change join fluxloop_keys.run using (run)
        where run.stack = $1 and change.key = $2 order by change.at`,
      [name, id],
    )
    const came = log.writes.filter(({ key }) => key === `${name} ${id.slice(1)}`)
    return [...rows.map(({ body }) => body), ...came].map(each => `\n  ${JSON.stringify(each)}`).join('')
  }
  const scenario: FleetScenario = {
    ...{ platform, log, names, url },
    folderOf: name => join(folder, name),
    async writeFleetFile(mode) {
      const account = { 'api-url': platform.url, credential: { env: 'KEY' } }
      const defaults = { mode, interval: '1d', jitter: '0%' }
      const listed = names.map(name => ({ name, folder: name }))
      await writeFile(
        file,
        JSON.stringify({ version: 1, accounts: { main: account }, defaults, stacks: listed }),
      )
    },
    async declare(name, text) {
      await mkdir(join(folder, name), { recursive: true })
      await writeFile(join(folder, name, 'fluxloop-keys.yaml'), text)
    },
    start(number, more = {}) {
      const replica = startReplica(t, bundle, {
        ...{ file, lease, parallelism, tick: second, retry: second, once: false },
        off: clocks[number] ?? 0,
        home: join(folder, `machine-${number}`),
        env: { KEY: platform.administrator.reveal(), FLUXLOOP_KEYS_DATABASE_URL: url.reveal() },
        ...more,
      })
      void replica.ended.then(code => {
        if ((code ?? 0) !== 0) crashed = replica.lines().slice(-20).join('\n')
      })
      return replica
    },
    async converged(mode = 'apply') {
      for (let looks = 1; ; looks += 1) {
        await wait(300)
        if (crashed !== null) throw new Error(`A replica ended by itself: ${crashed}`)
        // The database may be away just now.
        const [row] = await database
          .sql(
            `select count(*)::int as count from fluxloop_keys.stack
              where state = 'in-sync' and mode = $1 and due_at > clock_timestamp()`,
            [mode],
          )
          .catch(() => [])
        if (row?.['count'] === names.length) return looks
      }
    },
    async faults(late = new Set()) {
      const live = await platform.live()
      const own = names.flatMap(name =>
        Array.from({ length: keysOfEach }, (_, index) => ({
          name,
          id: `k${index}`,
          isLate: late.has(`${name} ${index}`),
          keys: keysOf(live, `k${index}`, name),
        })),
      )
      const faults: string[] = []
      for (const { name, id, isLate, keys } of own) {
        const path = join(folder, name, `${id}.env`)
        const text = await readFile(path, 'utf8').catch(() => '')
        const secret = /^KEY="?([^"\n]*)/m.exec(text)?.[1]
        const stored = new Map(secret === undefined ? [] : [[path, secret] as const])
        const [heads, others] = [keys.filter(isDelivered), keys.filter(key => !isDelivered(key))]
        const found = [
          ...(isLate ? [] : headFaults(keys, new Set())),
          ...(heads.length === 1 && (isLate ? others.every(isRetiring) : others.length === 0)
            ? []
            : [`its keys are ${statesOf(keys)}${await history(name, id)}`]),
          ...(await storeFaults([path], stored, heads[0], platform.holder)),
        ]
        faults.push(...found.map(fault => `${name} ${id}: ${fault}`))
      }
      const administrator = live.filter(({ ownership }) => ownership.kind === 'unmanaged').map(({ id }) => id)
      return [
        ...faults,
        ...orphanFaults(
          live,
          new Set(administrator),
          own.flatMap(({ keys }) => keys),
        ),
      ]
    },
    async planFaults() {
      const before = log.writes.length
      await scenario.writeFleetFile('plan')
      const replica = scenario.start(0, { once: true })
      const code = await replica.ended
      const rows = await database.sql(
        `select id, state, problem from fluxloop_keys.stack where state <> 'in-sync' or mode <> 'plan' order by id`,
      )
      return [
        ...(code === 0
          ? []
          : [`the planning replica ended with ${code}: ${replica.lines().slice(-3).join('\n')}`]),
        ...rows.map(row => `the next plan is not empty: ${JSON.stringify(row)}`),
        ...(log.writes.length === before ? [] : ['a plan wrote']),
      ]
    },
  }
  await scenario.writeFleetFile(usualMode)
  for (const name of names) await scenario.declare(name, declared(name, keysOfEach))
  const bundle = await bundledReplica()
  return scenario
}
