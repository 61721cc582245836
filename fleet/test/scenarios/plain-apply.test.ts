// An `apply` at a desk or in CI, next to replicas: the built program with the built package.
import t from 'tap'
import { second } from '../../../src/model/duration.ts'
import { workplace } from '../../../test/support/program.ts'
import { declared, fleetScenario, prepareDatabase } from '../support/fleet-scenario.ts'
import { postgresForTest } from '../support/postgres.ts'

t.setTimeout(3_600_000)
const postgres = await postgresForTest(t)

interface Line {
  readonly event: string
  readonly key?: string
  readonly run: string
}

if (postgres !== null) {
  t.test('waits for a replica that has the stack, or is refused, and stands in the same history', async t => {
    const database = await postgres.database()
    const scenario = await fleetScenario(t, database, { stacks: 1, keysOfEach: 2, lease: 30 * second })
    const { platform, names } = scenario
    const [name = ''] = names
    await prepareDatabase(database.url, platform.administrator)
    const place = await workplace(t)
    const env = { ...platform.env, FLUXLOOP_KEYS_DATABASE_URL: database.url.reveal() }
    const cwd = scenario.folderOf(name)
    const run = (...args: readonly string[]) => place.run(args, { env, cwd })

    let arrived: () => void = () => undefined
    let free: () => void = () => undefined
    const atWork = new Promise<void>(resolve => (arrived = resolve))
    const freed = new Promise<void>(resolve => (free = resolve))
    const answer = platform.before
    platform.before = async request => {
      if (request.method !== 'GET') {
        arrived()
        await freed
      }
      return await answer(request)
    }
    const replica = scenario.start(0)
    await atWork
    const refused = await run('apply', '--auto-approve')
    t.match(refused, { code: 12, stderr: /is leased to .* \(.* on .*, since / })

    await scenario.declare(name, declared(name, 3))
    const waits = new Promise<Awaited<ReturnType<typeof run>>>((resolve, reject) => {
      place
        .run(['apply', '--auto-approve', '--lock-timeout', '10m'], {
          ...{ env, cwd },
          watch: ({ stderr }) =>
            stderr?.on('data', (text: Buffer) => {
              if (/^Waiting for /m.test(text.toString())) free()
            }),
        })
        .then(resolve, reject)
    })
    t.match(await waits, { code: 0 })
    replica.child.kill('SIGTERM')
    t.equal(await replica.ended, 0)
    const { stdout } = await run('history', '--json')
    const { lines: all } = JSON.parse(stdout) as { readonly lines: readonly Line[] }
    const lines = all.filter(({ event }) => event === 'change')
    t.strictSame(
      lines.map(({ key = '' }) => key).sort(),
      ['k0', 'k1', 'k2'],
      'what the replica did, and what the apply did',
    )
    t.equal(new Set(lines.map(line => line.run)).size, 2)
  })

  t.test(
    'is refused where the database cannot be reached, and goes on without it where a flag allows that',
    async t => {
      const database = await postgres.database()
      const scenario = await fleetScenario(t, database, { stacks: 1, keysOfEach: 1, lease: 30 * second })
      const { platform, names } = scenario
      await prepareDatabase(database.url, platform.administrator)
      await postgres.stop()
      t.teardown(() => postgres.start())
      const place = await workplace(t)
      const env = { ...platform.env, FLUXLOOP_KEYS_DATABASE_URL: database.url.reveal() }
      const run = (...args: readonly string[]) =>
        place.run(args, { env, cwd: scenario.folderOf(names[0] ?? '') })
      t.match(await run('apply', '--auto-approve'), { code: 4, stderr: /--without-fleet/ })
      t.strictSame(await platform.managed(), [])
      t.match(await run('apply', '--auto-approve', '--without-fleet'), { code: 0 })
      t.equal((await platform.managed()).length, 1)

      const away = /^Warning: the fleet cannot be asked, so .*Cannot reach the database/m
      for (const looking of [['audit'], ['report', '--html', 'page.html']]) {
        const looked = await run(...looking)
        t.match(looked.stderr, away, looking.join(' '))
        t.ok(looked.code === 0 || looked.code === 6, `${looking.join(' ')} ends with ${looked.code}`)
      }
      t.match(await run('history'), { code: 4, stderr: /Cannot reach the database[^]*--log FILE/ })
    },
  )
}
