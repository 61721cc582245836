import t from 'tap'
import { noDoubts } from '../../src/model/listing-doubts.ts'
import { clock, scriptedPlatform, wireKey } from '../support/scripted-platform.ts'

const serverDate = { date: 'Sun, 01 Mar 2026 09:00:00 GMT' }

t.test('lists all pages in as few requests as the platform allows, by the clock of the first', async t => {
  const { client, seen } = scriptedPlatform(t, [
    { json: { api_keys: [wireKey({ id: 'key_1' })], next_cursor: 'a b&c' }, headers: serverDate },
    { json: { api_keys: [], next_cursor: 'd' }, headers: { date: 'Mon, 02 Mar 2026 09:00:00 GMT' } },
    { json: { api_keys: [wireKey({ id: 'key_2' })], next_cursor: null } },
  ])
  const { keys, ...rest } = await client.list()
  t.same(
    keys.map(key => key.id),
    ['key_1', 'key_2'],
  )
  t.same(rest, { now: Date.UTC(2026, 2, 1, 9), clock: 'server', complete: true, doubts: noDoubts })
  t.same(
    seen.map(each => each.call),
    [
      'GET /api/api-keys?limit=1000',
      'GET /api/api-keys?limit=1000&cursor=a+b%26c',
      'GET /api/api-keys?limit=1000&cursor=d',
    ],
  )
  t.equal(client.requests(), 3)
})

t.test('falls back to our own clock where the platform sends no date, or no real one', async t => {
  for (const headers of [{}, { date: '5' }, { date: 'Sun, 99 Xxx 2026 09:00:00 GMT' }]) {
    const { client } = scriptedPlatform(t, [{ json: [wireKey()], headers }])
    t.match(await client.list(), { now: clock, clock: 'local', complete: true })
  }
})

t.test('calls a listing incomplete, where a key may be missing from it', async t => {
  const page = (id: string, next: string | null) => ({
    json: { api_keys: [wireKey({ id })], next_cursor: next },
  })
  const thousand = Array.from({ length: 1_000 }, (_, index) => wireKey({ id: `key_${index}` }))
  const cases = {
    'a key on two pages': [page('key_1', 'a'), page('key_1', null)],
    'a cursor that repeats at once': [page('key_1', 'a'), page('key_2', 'a')],
    'a loop of cursors': [page('key_1', 'a'), page('key_2', 'b'), page('key_3', 'a')],
    'a list without paging as long as the page we asked for': [{ json: thousand }],
    'no cursor on a page as long as we asked for': [{ json: { api_keys: thousand } }],
  }
  for (const [title, steps] of Object.entries(cases)) {
    const { client } = scriptedPlatform(t, steps)
    t.equal((await client.list()).complete, false, title)
  }
  const { client } = scriptedPlatform(t, [{ json: { api_keys: thousand, next_cursor: null } }])
  t.equal((await client.list()).complete, true, 'a full page that says it is the last')
})

t.test('gives up on pages that never end, as incomplete', async t => {
  const steps = Array.from({ length: 1_000 }, (_, index) => ({
    json: { api_keys: [], next_cursor: `c${index}` },
  }))
  const { client } = scriptedPlatform(t, steps)
  t.equal((await client.list()).complete, false)
  t.equal(client.requests(), 1_000)
})
