// Requests are the scarcest resource: 1,000 an hour. Counted where they arrive, at the HTTP boundary.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { type Database, openDatabase } from '../../src/sandbox/database.ts'
import { insertKey } from '../../src/sandbox/key-table.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

function configuration(count: number): string {
  const blocks = Array.from(
    { length: count },
    (_, index) => `
  key-${index}: { name: Key ${index}, scope: all, permissions: [read_scenarios], expires: 90d }`,
  )
  return `
version: 1
stack: requests
defaults:
  rotate: { maxAge: 60d }
  store: { env-file: { path: 'secrets/{key}.env', name: FLUXLOOP_API_KEY } }
limits: { rotate: 100%, revoke: 100% }
keys:${blocks.join('')}
`
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly database: Database
  /** Runs a command that has to succeed, and counts the requests of each kind. */
  readonly requestsOf: (...line: readonly string[]) => Promise<Readonly<Record<string, number>>>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const file = join(place.root, 'platform.db')
  const platform = await servedPlatform(t, { database: file })
  const database = openDatabase(file, 0)
  t.teardown(() => database.close())
  return {
    place,
    platform,
    database,
    requestsOf: async (...line) => {
      platform.forget()
      const { code, stdout, stderr } = await place.run(line, { env: platform.env })
      if (code !== 0) throw new Error(`${line.join(' ')} exits ${code}: ${stdout}${stderr}`)
      const counts: Record<string, number> = {}
      for (const request of platform.requests) counts[request] = (counts[request] ?? 0) + 1
      return counts
    },
  }
}

/** Live keys of others: as many as make `total` with the administrator's. */
function fill(database: Database, total: number): void {
  database.transaction(() => {
    for (let index = 1; index < total; index += 1) {
      insertKey(database, {
        id: `key_other${index}`,
        name: `Other ${index}`,
        description: '',
        environment: 'dev',
        secret: `flux_dev_other${index}`,
        scope: '*',
        permissions: ['read_scenarios'],
        createdAt: index,
        expiresAt: null,
      })
    }
  })
}

const list = 'GET /api/api-keys'
const whoami = 'GET /api/auth/whoami'
const create = 'POST /api/api-keys'
const patch = 'PATCH /api/api-keys/:id'
const revoke = 'DELETE /api/api-keys/:id'

for (const [total, lists] of [
  [1_000, 1],
  [1_001, 2],
  [10_000, 10],
] as const) {
  t.test(`a plan makes ${lists} list and 1 whoami, with ${total} live keys`, async t => {
    const { place, database, requestsOf } = await scene(t)
    fill(database, total)
    await place.write('fluxloop-keys.yaml', configuration(1))
    t.strictSame(await requestsOf('plan'), { [list]: lists, [whoami]: 1 })
  })
}

t.test('projects cost one more request, only where a scope names one that no live key has', async t => {
  const { place, requestsOf } = await scene(t)
  const text = configuration(1).replace('scope: all', 'scope: [customer-support-bot]')
  await place.write('fluxloop-keys.yaml', text)
  t.strictSame(await requestsOf('plan'), { [list]: 1, [whoami]: 1, 'GET /api/projects': 1 })
  await requestsOf('apply', '--auto-approve')
  t.strictSame(await requestsOf('plan'), { [list]: 1, [whoami]: 1 })
})

t.test('a create costs POST, whoami and PATCH, and a wave of 100 one list', async t => {
  for (const [keys, waves] of [
    [1, 1],
    [100, 1],
    [101, 2],
  ] as const) {
    const { place, requestsOf } = await scene(t)
    await place.write('fluxloop-keys.yaml', configuration(keys))
    t.strictSame(
      await requestsOf('apply', '--auto-approve'),
      // One more PATCH, before the first key of all: does the platform have it?
      { [list]: 1 + waves, [whoami]: 1 + keys, [create]: keys, [patch]: keys + 1 },
      `${keys} keys`,
    )
  }
})

t.test(
  'an overlap rotation costs a create, the mark of its predecessor, and one DELETE when that is revoked',
  async t => {
    const { place, platform, requestsOf } = await scene(t)
    await place.write('fluxloop-keys.yaml', configuration(3))
    await requestsOf('apply', '--auto-approve')
    platform.now += 61 * day
    t.strictSame(await requestsOf('apply', '--auto-approve'), {
      [list]: 2,
      [whoami]: 4,
      [create]: 3,
      [patch]: 6,
    })
    platform.now += 4 * day
    t.strictSame(
      await requestsOf('apply', '--auto-approve'),
      { [list]: 2, [whoami]: 1, [revoke]: 3 },
      'one more look before the last keys go',
    )
  },
)

/** Everything that the platform keeps but what it counts as use. */
function contents(database: Database): unknown {
  const tables = database.all("select name from sqlite_master where type = 'table' order by name") as {
    name: string
  }[]
  return tables
    .filter(({ name }) => name !== 'usage')
    .map(({ name }) => {
      const rows = database.all(`select * from ${name} order by 1`) as Record<string, unknown>[]
      return [name, rows.map(row => ({ ...row, last_used_at: null, last_ip: null, last_user_agent: null }))]
    })
}

t.test('a plan changes nothing on the platform, nor does an apply with nothing to do', async t => {
  const { place, platform, database, requestsOf } = await scene(t)
  await place.write('fluxloop-keys.yaml', configuration(3))
  const empty = contents(database)
  await requestsOf('plan')
  t.strictSame(contents(database), empty, 'with three keys to create')
  await requestsOf('apply', '--auto-approve')
  const applied = contents(database)
  t.notSame(applied, empty)
  platform.now += day
  for (const command of [['plan'], ['plan', '--json'], ['apply', '--auto-approve'], ['apply']]) {
    t.strictSame(await requestsOf(...command), { [list]: 1, [whoami]: 1 })
  }
  t.strictSame(contents(database), applied)
})
