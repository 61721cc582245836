// Whatever bytes a server sends: each call comes to what its type says, or to a failure for people, and in time.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { second } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import { createClient } from '../../src/platform/client.ts'
import { PlatformFailure } from '../../src/platform/platform-failure.ts'
import { isKeyId } from '../../src/platform/reader.ts'
import type { Counts, Issued, PlatformClient } from '../../src/platform/types.ts'
import { marker } from '../support/build.ts'
import { cases, requireCleanPrototypes, unsafe } from '../support/fuzz.ts'
import { rawAnswer, serveRaw } from '../support/raw-answers.ts'
import { clock, sentinel, wireKey } from '../support/scripted-platform.ts'
import { undiciWay } from '../../src/platform/undici-way.ts'
import { networkTransport } from '../../src/platform/network-transport.ts'

/** Of one call with all its tries. */
const limit = 10 * second
const patience = 250
const maxTries = 2
const longestWait = 60 * second

const issued = 'flux_ci_ISSUEDissued0123456789issued'

/** One answer that is right for every call, and for an error. */
const sample = {
  ...wireKey(),
  api_keys: [wireKey()],
  next_cursor: null,
  api_key: wireKey(),
  key: issued,
  account: 'acme',
  projects: [{ id: 'p1', name: 'Bot', status: 'active' }],
  total: 3,
  by_day: { '2026-02-28': 3 },
  by_operation: { pull: 3 },
  by_project: { bot: 3 },
  detail: [{ loc: ['body', 'name'], msg: `not with ${sentinel}` }],
  code: 'api_key_expired',
  expired_at: '2026-01-01T00:00:00Z',
  required: ['manage_keys'],
}
const samples = [
  sample,
  [wireKey(), wireKey({ id: 'key_def456' })],
  { ...sample, next_cursor: 'more' },
  { ...sample, detail: `${issued} and ${sentinel}` },
]

function requireTexts(...texts: readonly (string | null)[]): void {
  for (const text of texts) {
    if (text === null) continue
    assert.equal(typeof text, 'string')
    assert.doesNotMatch(text, unsafe)
  }
}

function requireTimes(...times: readonly (number | null | undefined)[]): void {
  for (const at of times) if (at !== null && at !== undefined) assert.ok(Number.isSafeInteger(at), `${at}`)
}

function requireKey(key: LiveKey): void {
  const { id, name, description, maskedKey, scope, permissions, lastUse, status, version } = key
  assert.ok(isKeyId(id))
  requireTexts(name, description, maskedKey, ...(scope === 'all' ? [] : scope), ...permissions, version)
  requireTimes(key.createdAt, key.regeneratedAt, key.expiresAt)
  if (lastUse.known) {
    requireTimes(lastUse.at)
    requireTexts(lastUse.ip, lastUse.location, lastUse.userAgent)
  }
  assert.ok(['active', 'expired', 'revoked'].includes(status))
}

function requireIssued({ key, secret }: Issued): void {
  requireKey(key)
  assert.ok(secret === null || secret instanceof Secret)
}

function requireCounts(counts: Counts): void {
  requireTexts(...counts.keys())
  requireTimes(...counts.values())
}

const newKey = {
  name: 'CI/CD Pipeline',
  description: 'Nightly simulations',
  marker: marker(),
  environment: null,
  scope: 'all',
  permissions: ['*'],
  expires: { kind: 'never' },
} as const
const version = { ifMatch: '3', idempotencyKey: 'i' }

/** Makes a call, and looks at what it resolves to. */
const calls: Readonly<Record<string, (client: PlatformClient) => Promise<void>>> = {
  list: async client => {
    const { keys, now } = await client.list()
    keys.forEach(requireKey)
    requireTimes(now)
  },
  get: async client => requireKey(await client.get('key_abc123')),
  create: async client => requireIssued(await client.create(newKey, 'i')),
  update: async client => requireKey(await client.update('key_abc123', { name: 'New' }, version)),
  regenerate: async client => requireIssued(await client.regenerate('key_abc123', version)),
  revoke: client => client.revoke('key_abc123'),
  whoami: async client => {
    const { account, liveKey } = await client.whoami()
    requireTexts(account)
    if (liveKey !== null) requireKey(liveKey)
  },
  projects: async client => {
    for (const { id, name, status } of await client.projects()) requireTexts(id, name, status)
  },
  usage: async client => {
    const { total, byDay, byOperation, byProject } = await client.usage('key_abc123', 30)
    requireTimes(total)
    for (const counts of [byDay, byOperation, byProject]) requireCounts(counts)
  },
}

function requireForPeople(error: unknown): void {
  if (!(error instanceof PlatformFailure)) throw error
  assert.equal(error.cause, undefined)
  const said = [error.message, ...error.hints].join('\n')
  assert.doesNotMatch(said, /\n\s+at |node:|UND_ERR|HPE_|Z_|ERR__|undici|undefined|\[object/)
  assert.doesNotMatch(said, unsafe)
  for (const secret of [sentinel, issued]) assert.ok(!said.includes(secret), 'a secret in a failure')
}

async function tooLate(): Promise<never> {
  await wait(limit, undefined, { ref: false })
  throw new Error('it takes too long')
}

t.test(
  'comes to a result or a failure, whatever bytes a server sends',
  { timeout: cases(200_000) },
  async t => {
    let [results, failures] = [0, 0]
    const property = fc.asyncProperty(rawAnswer(samples), fc.boolean(), async (answer, byProxy) => {
      const server = await serveRaw(answer)
      const proxy = { url: `http://127.0.0.1:${server.port}`, authorization: null, variable: 'HTTPS_PROXY' }
      const baseUrl = `http://127.0.0.1:${server.port}`
      const through = byProxy ? undiciWay(proxy) : networkTransport(baseUrl)
      const play = async ([name, call]: readonly [string, (client: PlatformClient) => Promise<void>]) => {
        const waits: number[] = []
        const client = createClient({
          baseUrl,
          credential: new Secret(sentinel),
          userAgent: 'fluxloop-keys/test',
          transport: through.transport,
          random: () => 0.5,
          sleep: async milliseconds => void waits.push(milliseconds),
          now: () => clock,
          timeoutMs: patience,
          maxTries,
          maxWaitMs: longestWait,
        })
        try {
          const called = call(client).then(
            () => (results += 1),
            (error: unknown) => {
              requireForPeople(error)
              failures += 1
            },
          )
          await Promise.race([called, tooLate()])
          for (const each of waits) assert.ok(each >= 0 && each <= longestWait + second, `waits ${each}`)
          // A second page, or a look at the key that was made; and a list that is asked for shorter pages, for a call that is missing.
          assert.ok(client.requests() <= 2 * maxTries + 4, `${client.requests()} requests`)
          const budget = client.budget()
          if (budget !== null) requireTimes(budget.limit, budget.remaining, budget.resetAt, budget.window)
        } catch (error) {
          throw new Error(name, { cause: error })
        }
      }
      try {
        await Promise.all(Object.entries(calls).map(play))
        requireCleanPrototypes()
      } finally {
        through.close()
        server.close()
      }
    })
    await fc.assert(property, {
      numRuns: cases(120),
      // Where calls hang, so does the search for a smaller case.
      interruptAfterTimeLimit: cases(100_000),
      markInterruptAsFailure: true,
    })
    t.ok(results > 0, `${results} results`)
    t.ok(failures > 0, `${failures} failures`)
  },
)
