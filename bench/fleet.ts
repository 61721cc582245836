// `npm run bench:fleet`: how many stacks replicas of a fleet get through, how long a stack waits, and what a fleet costs that has nothing
// to do. Usage: npm run bench:fleet -- [REPLICAS,REPLICAS] [STACKS,STACKS] [IDLE SECONDS]
import { cpus, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { second } from '../src/model/duration.ts'
import { type FleetScenario, fleetScenario, prepareDatabase } from '../fleet/test/support/fleet-scenario.ts'
import { type TestDatabase, type TestPostgres, postgresForTest } from '../fleet/test/support/postgres.ts'
import type { ReplicaProcess } from '../fleet/test/support/replica-process.ts'

/** Closes what was opened, in the reverse order. */
class Scope {
  private readonly endings: (() => unknown)[] = []
  readonly teardown = (end: () => unknown): void => void this.endings.push(end)
  async end(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end()
  }
}

const missing = (): never => {
  throw new Error('PostgreSQL is not installed')
}

/** Each keeps its own connections; the usual timing of `fleet run`, and no wrong clocks. */
const usual = { lease: 30 * second, tick: 10 * second, retry: 60 * second, off: 0, parallelism: 4 }

/** Transactions, which are statements but for a few. */
async function transactionsIn(database: TestDatabase): Promise<number> {
  const [row] = await database.sql(
    'select (xact_commit + xact_rollback)::int as count from pg_stat_database where datname = current_database()',
  )
  return Number(row?.['count'])
}

interface Pass {
  /** From the first start to the last end. */
  readonly seconds: number
  /** How long stacks waited that were all due at once, in seconds, sorted. */
  readonly delays: readonly number[]
  readonly requests: number
  /** All statements, those of the benchmark that looks at the rows left out. */
  readonly transactions: number
}

interface Ran {
  readonly msg: string
  readonly time: string
  readonly milliseconds: number
}

function passOf(replicas: readonly ReplicaProcess[], counts: Pick<Pass, 'requests' | 'transactions'>): Pass {
  const runs = replicas
    .flatMap(replica => replica.lines())
    // Node itself may warn of something.
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Ran)
    .filter(({ msg }) => msg === 'Ran')
    .map(({ time, milliseconds }) => ({ start: Date.parse(time) - milliseconds, end: Date.parse(time) }))
  const first = Math.min(...runs.map(({ start }) => start))
  const delays = runs.map(({ start }) => (start - first) / second).sort((a, b) => a - b)
  return { seconds: (Math.max(...runs.map(({ end }) => end)) - first) / second, delays, ...counts }
}

/** Makes every stack due at once, and waits until each was run. */
async function pass(
  scenario: FleetScenario,
  database: TestDatabase,
  count: number,
  mode: 'plan' | 'apply',
): Promise<Pass> {
  await scenario.writeFleetFile(mode)
  scenario.platform.forget()
  const before = await transactionsIn(database)
  const replicas = Array.from({ length: count }, (_, number) => scenario.start(number, usual))
  const looks = await scenario.converged(mode)
  for (const { child } of replicas) child.kill('SIGTERM')
  await Promise.all(replicas.map(({ ended }) => ended))
  const transactions = (await transactionsIn(database)) - before - looks
  return passOf(replicas, { requests: scenario.platform.requests.length, transactions })
}

const show = (number = Number.NaN) => (number < 10 ? number.toFixed(1) : number.toFixed(0))

function rowOf(what: string, { seconds, delays, requests, transactions }: Pass): string {
  const at = (share: number) => show(delays[Math.ceil(delays.length * share) - 1])
  return `${what} | ${show(seconds)} | ${show(delays.length / seconds)} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${requests} | ${show(transactions / delays.length)} |`
}

/** What a fleet costs while nothing is due. */
async function idle(scenario: FleetScenario, database: TestDatabase, seconds: number): Promise<string> {
  const replica = scenario.start(0, usual)
  // It says hello to the queue first. What is counted is in the statistics about a second later.
  await wait(20 * second)
  scenario.platform.forget()
  const before = await transactionsIn(database)
  await wait(seconds * second)
  const rate = ((await transactionsIn(database)) - before) / seconds
  replica.child.kill('SIGTERM')
  await replica.ended
  return `Idle, ${scenario.names.length} stacks, 1 replica: ${show(rate)} transactions a second (${show(rate * 3_600)} an hour), ${scenario.platform.requests.length} requests, over ${seconds} s`
}

async function play(
  postgres: TestPostgres,
  replicas: number,
  stacks: number,
  seconds: number,
): Promise<void> {
  const scope = new Scope()
  try {
    const database = await postgres.database()
    const shape = { stacks, keysOfEach: 1, lease: usual.lease }
    const scenario = await fleetScenario(scope, database, shape)
    await prepareDatabase(database.url, scenario.platform.administrator)
    for (const mode of ['apply', 'plan'] as const) {
      const done = await pass(scenario, database, replicas, mode)
      console.log(
        rowOf(`| ${replicas} | ${stacks} | ${mode === 'apply' ? 'a key each' : 'nothing to do'}`, done),
      )
    }
    if (seconds > 0) console.log(await idle(scenario, database, seconds))
  } finally {
    await scope.end()
  }
}

const numbers = (text: string) => text.split(',').map(Number)
const [replicas = '1,2,4', stacks = '10,100,1000', seconds = '0'] = process.argv.slice(2)
const scope = new Scope()
const load = loadavg()[0] ?? 0
console.log(`Node ${process.version}, ${cpus().length} cores, load ${load.toFixed(0)} at the beginning\n`)
console.log(
  '| replicas | stacks | each run | seconds | stacks a second | start delay: median | 95 % | last | requests | statements a run |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
try {
  const postgres = await postgresForTest({ teardown: scope.teardown, pass: missing, fail: missing })
  if (postgres === null) throw new Error('PostgreSQL is not installed')
  for (const stackCount of numbers(stacks))
    for (const replicaCount of numbers(replicas))
      await play(postgres, replicaCount, stackCount, Number(seconds))
} finally {
  await scope.end()
}
console.log(`\nload ${(loadavg()[0] ?? 0).toFixed(0)} at the end`)
