// What a listing leaves in doubt: keys that cannot be understood, pages that are refused, a clock that cannot be right.
import t from 'tap'
import { boundTo } from '../../src/lifecycle/binding.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import { doubtsAfter } from '../../src/platform/find-doubts.ts'
import { writeDescription } from '../../src/platform/marker-text.ts'
import { liveKey, marker, usedAt } from '../support/build.ts'
import { failureOf } from '../support/platform-calls.ts'
import { type Step, clock, scriptedPlatform, wireKey } from '../support/scripted-platform.ts'
import { without } from '../support/variant-proxy.ts'

const page = (keys: readonly unknown[], headers = {}): Step => ({
  json: { api_keys: keys, next_cursor: null },
  headers,
})

t.test('takes a key that it cannot understand for one unreadable key, and reads all others', async t => {
  const endless = without({ ...wireKey({ id: 'key_endless', name: 'Endless' }) }, 'expires_at')
  const owned = writeDescription('Nightly', marker())
  const { client } = scriptedPlatform(t, [
    page([
      wireKey({ id: 'key_fine' }),
      endless,
      { ...wireKey({ id: 'key_off', name: 'Off', description: owned }), status: 'suspended' },
      { name: 7 },
      null,
    ]),
  ])
  const { keys, complete, doubts } = await client.list()
  t.strictSame(
    keys.map(({ id }) => id),
    ['key_fine'],
  )
  t.ok(complete)
  t.strictSame(doubts.unreadable, [
    { id: 'key_endless', name: 'Endless', trouble: 'lacks `expires_at`', owner: null },
    {
      id: 'key_off',
      name: 'Off',
      trouble: 'has a `status` that is not one of active, expired, revoked',
      owner: { stack: 'acme-agents', keyId: 'ci-pipeline' },
    },
    { id: null, name: null, trouble: 'lacks `id`', owner: null },
    { id: null, name: null, trouble: 'has a key that is not a JSON object', owner: null },
  ])
})

t.test('reads no owner from a marker that an unreadable key copied', async t => {
  const ownerOf = async (bound: string) => {
    const description = writeDescription('Nightly', marker({ binding: boundTo(bound) }))
    const key = { ...wireKey({ id: 'key_off', description }), status: 'suspended' }
    const { doubts } = await scriptedPlatform(t, [page([key])]).client.list()
    return doubts.unreadable.map(({ owner }) => owner)
  }
  t.strictSame(await ownerOf('key_off'), [{ stack: 'acme-agents', keyId: 'ci-pipeline' }])
  t.strictSame(await ownerOf('key_original'), [null])
})

t.test('asks for smaller pages where long ones are refused, and remembers it', async t => {
  const refused: Step = { status: 422, json: { detail: [{ loc: ['query', 'limit'], msg: 'at most 100' }] } }
  const first = { json: { api_keys: [wireKey()], next_cursor: 'b' } }
  const last = page([wireKey({ id: 'key_2' })])
  const { client, seen } = scriptedPlatform(t, [refused, refused, first, last, first, last])
  t.equal((await client.list()).keys.length, 2)
  t.equal((await client.list()).keys.length, 2)
  const page100 = ['GET /api/api-keys?limit=100', 'GET /api/api-keys?limit=100&cursor=b']
  t.strictSame(
    seen.map(({ call }) => call),
    ['GET /api/api-keys?limit=1000', 'GET /api/api-keys?limit=500', ...page100, ...page100],
  )
})

t.test('lists without a limit where every one is refused, and else says why the first was', async t => {
  const refused = (detail: string): Step => ({ status: 400, json: { detail } })
  const all = [refused('too long'), ...Array.from({ length: 2 }, () => refused('no'))]
  const { client, seen } = scriptedPlatform(t, [...all, page([wireKey()])])
  t.equal((await client.list()).keys.length, 1)
  t.equal(seen.at(-1)?.call, 'GET /api/api-keys')
  const again = scriptedPlatform(t, [...all, refused('no')])
  t.match(await failureOf(again.client.list()), { message: /GET \/api\/api-keys: too long$/ })
})

t.test('finds a clock that contradicts the last use of a key', async t => {
  const at = (time: number) => new Date(time).toISOString()
  const days = clock + 5 * day
  const rows: readonly (readonly [
    what: string,
    server: number,
    lastUse: string | null,
    doubtful: boolean,
  ])[] = [
    ['a clock days ahead of a use that is fresh by ours', days, at(clock - minute), true],
    ['the same, where the use is as fresh by the platform', days, at(days - minute), false],
    ['the same, where nobody used anything lately', days, at(clock - 3 * day), false],
    ['the same, where nobody ever used anything', days, null, false],
    ['a clock that is behind a use', clock - 5 * day, at(clock), true],
    ['a use today, given as a date', clock, at(clock).slice(0, 10), false],
    ['a clock like ours', clock, at(clock - minute), false],
    ['a clock like ours, and nobody used anything lately', clock, at(clock - 40 * day), false],
  ]
  for (const [what, server, lastUse, doubtful] of rows) {
    const date = { date: new Date(server).toUTCString() }
    const { client } = scriptedPlatform(t, [page([wireKey({ last_used_at: lastUse })], date)])
    t.equal((await client.list()).doubts.clock !== null, doubtful, what)
  }
})

t.test('believes a clock that the use of the calling key, which was just made, agrees with', t => {
  const now = clock
  const doubt = { now, liveId: 'key_old', lastUse: now - 5 * day }
  const listing = {
    keys: [],
    now,
    clock: 'server',
    complete: true,
    doubts: { unreadable: [], clock: doubt, lacksDescriptions: false },
  } as const
  const after = (at: number) => doubtsAfter(listing, liveKey({ lastUse: usedAt(at) })).clock
  t.equal(after(now - minute), null)
  t.equal(after(now + 3 * hour), null, 'a date means the end of the day')
  t.strictSame(after(now - 5 * day), doubt)
  t.strictSame(doubtsAfter(listing, null).clock, doubt, 'a user calls')
  t.end()
})

t.test('knows a platform without descriptions by those that are not there, rather than empty', async t => {
  const bare = without({ ...wireKey() }, 'description')
  const rows: readonly (readonly [what: string, keys: readonly unknown[], lacking: boolean])[] = [
    ['none', [bare, { ...bare, id: 'key_2' }], true],
    ['null', [wireKey({ description: null })], false],
    ['one of two', [bare, wireKey({ id: 'key_2' })], false],
    ['no key', [], false],
    [
      'a platform that leaves out whatever is null',
      [{ ...bare, regenerated_at: undefined, last_used: {} }],
      false,
    ],
  ]
  for (const [what, keys, lacking] of rows) {
    const { client } = scriptedPlatform(t, [page(keys)])
    t.equal((await client.list()).doubts.lacksDescriptions, lacking, what)
  }
})
