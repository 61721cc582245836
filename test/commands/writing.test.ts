import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import type { TestContextOptions, TestPlatform } from '../support/context.ts'
import { pageLines, withoutLayout } from '../support/page.ts'
import { type ReferencePlatform, referenceNow, referencePlatform } from '../support/reference.ts'
import { golden } from '../render/golden.ts'
import {
  create,
  firstSecret,
  liveKeys,
  regenerate,
  remove,
  secondSecret,
  update,
  writes,
} from '../support/writing.ts'

const schema = new URL('../../schemas/apikeys.schema.json', import.meta.url)
const isDescribed = new Ajv2020({
  strict: true,
  strictTypes: false,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
}).compile(JSON.parse(readFileSync(schema, 'utf8')) as object)

t.test('regenerate warns, asks and shows as the page does', async t => {
  const platform = referencePlatform(t, { newSecrets: [secondSecret] })
  const { out, err, code, requests } = await regenerate({}, { platform, answers: ['maybe', 'y'] })
  t.equal(code, 0, err())
  const page = pageLines('Warning:', 'fluxloop apikeys delete', 'regenerate')
  const screen = `${err().replace('Continue? (y/n): maybe\nPlease answer y or n.\n', '')}${out()}`
  t.strictSame(withoutLayout(screen), withoutLayout(page))
  t.strictSame(writes(requests), ['POST /api/api-keys/key_abc123/regenerate'])
  golden(t, 'regenerate', screen, import.meta.url)
})

t.test('delete warns, asks for the name and ends the key as the page does', async t => {
  const platform = referencePlatform(t)
  const asked = { reference: 'Old Development Key' }
  const { out, err, code, requests } = await remove(asked, { platform, answers: ['Old Development Key'] })
  t.equal(code, 0, err())
  const screen = `${err()}${out()}`
  t.strictSame(withoutLayout(screen), withoutLayout(pageLines('Warning:', 'Permissions', 'delete')))
  t.strictSame(writes(requests), ['DELETE /api/api-keys/key_xyz789'])
  t.notOk((await liveKeys(platform)).has('key_xyz789'))
  golden(t, 'delete', screen, import.meta.url)
})

t.test('neither regenerates nor deletes unless somebody agrees', async t => {
  const cases: readonly (readonly [answers: (string | null)[] | undefined, code: number, says: RegExp])[] = [
    [undefined, 1, /cannot ask for confirmation[^]*Add --force/],
    [['n'], 1, /was not/],
    [[null], 130, /was not/],
  ]
  for (const [answers, code, says] of cases) {
    for (const command of [regenerate, remove]) {
      const platform = referencePlatform(t)
      const options = answers === undefined ? { platform } : { platform, answers }
      const ended = await command({}, options)
      t.equal(ended.code, code, ended.err())
      t.match(ended.err(), says)
      t.strictSame(writes(ended.requests), [])
      t.equal(ended.out(), '')
    }
  }
  const platform = referencePlatform(t)
  const other = await remove({}, { platform, answers: ['production deployment'] })
  t.equal(other.code, 1)
  t.match(other.err(), /key_abc123 was not deleted: that is not its name/)
  t.strictSame(writes(other.requests), [])
})

t.test('--force asks nothing', async t => {
  const platform = referencePlatform(t, { newSecrets: [secondSecret] })
  const again = await regenerate({ force: true, quiet: true }, { platform })
  t.equal(again.out(), `${secondSecret}\n`)
  t.equal(again.err(), '')
  t.equal((await remove({ force: true }, { platform })).out(), '✅ API key deleted successfully\n')
})

t.test('the calling key is regenerated and deleted only with --force-self', async t => {
  const reference = 'Owner'
  const setting = async (): Promise<ReferencePlatform> => {
    const platform = referencePlatform(t, { newIds: ['key_owner'] })
    const owner = await create({ name: reference, permissions: '*', quiet: true }, { platform })
    const { Secret } = await import('../../src/model/secret.ts')
    return { ...platform, credential: new Secret(owner.out().trim()) }
  }
  for (const command of [regenerate, remove]) {
    const platform = await setting()
    const refused = await command({ reference, force: true }, { platform })
    t.equal(refused.code, 6)
    t.match(refused.err(), /key_owner \(Owner\) is the key that this command itself uses[^]*--force-self/)
    t.strictSame(writes(refused.requests), [])
    t.equal((await command({ reference, force: true, forceSelf: true }, { platform })).code, 0)
  }
})

t.test('update changes only what is given, and shows the difference', async t => {
  const platform = referencePlatform(t)
  const before = (await liveKeys(platform)).get('key_abc123')
  const permissions = 'read_scenarios,upload_results,read_results'
  const { out, err, code } = await update(
    { name: 'Production Key (Updated)', permissions, expires: '1y' },
    { platform, width: 90 },
  )
  t.equal(code, 0, err())
  t.equal(err(), '')
  const after = (await liveKeys(platform)).get('key_abc123')
  t.strictSame(after, {
    ...before,
    name: 'Production Key (Updated)',
    permissions: ['read_results', 'read_scenarios', 'upload_results'],
    expires_at: new Date(referenceNow + 365 * day).toISOString(),
    version: after?.['version'],
  })
  golden(t, 'update', out(), import.meta.url)
  const same = await update({ name: 'Production Key (Updated)' }, { platform })
  t.equal(same.out(), 'key_abc123 is like that already: nothing was changed.\n')
  t.strictSame(writes(same.requests), [])
  const json = await update({ scope: 'all', json: true }, { platform })
  t.match(JSON.parse(json.out()), {
    api_key: { id: 'key_abc123', scope: 'all' },
    changed: [{ field: 'scope', desired: 'all', widens: true }],
  })
})

t.test('an empty description clears the one that is there', async t => {
  const platform = referencePlatform(t)
  const cleared = await update({ description: '' }, { platform })
  t.equal(cleared.code, 0, cleared.err())
  t.equal((await liveKeys(platform)).get('key_abc123')?.['description'], '')
})

t.test('a change that no screen would show is none', async t => {
  const platform = referencePlatform(t)
  t.equal((await update({ expires: '45d' }, { platform, now: platform.now })).code, 0)
  platform.now += 20_000
  const again = await update({ expires: '45d' }, { platform, now: platform.now })
  t.match(again.out(), /is like that already: nothing was changed/)
  t.strictSame(writes(again.requests), [])
})

t.test('update refuses what it cannot mean', async t => {
  const platform = referencePlatform(t)
  for (const [asked, code, says] of [
    [{}, 2, /needs something to change/],
    [{ permissions: 'read' }, 2, /no permission "read"/],
    [{ scope: 'nowhere' }, 2, /no project "nowhere"/],
    [{ expires: '2023-01-01' }, 2, /is past/],
    [{ reference: 'key_nobody', name: 'x' }, 5, /There is no API key/],
  ] as const) {
    const ended = await update(asked, { platform })
    t.equal(ended.code, code, ended.err())
    t.match(ended.err(), says)
    t.strictSame(writes(ended.requests), [])
  }
})

t.test('a write whose key changed in the meantime overwrites nothing; mere use is not a change', async t => {
  const meanwhile = (t: Test, body: object | null): ReferencePlatform => {
    const platform = referencePlatform(t)
    let left = 1
    const fetch = async (request: Request): Promise<Response> => {
      if (request.method === 'GET' || left-- <= 0) return await platform.fetch(request)
      const headers = { authorization: `Bearer ${platform.credential.reveal()}` }
      const path = 'http://any.origin/api/api-keys/key_abc123'
      if (body !== null) {
        await platform.fetch(new Request(path, { method: 'PATCH', headers, body: JSON.stringify(body) }))
      }
      return body === null
        ? new Response('{"detail":"moved"}', { status: 412 })
        : await platform.fetch(request)
    }
    return { ...platform, fetch }
  }
  const commands = [
    (options: TestContextOptions) => update({ name: 'Mine' }, options),
    (options: TestContextOptions) => regenerate({ force: true }, options),
    (options: TestContextOptions) => remove({ force: true }, options),
  ]
  for (const command of commands) {
    const theirs = await command({ platform: meanwhile(t, { permissions: ['read_results'] }) })
    t.equal(theirs.code, 12, theirs.err())
    t.match(theirs.err(), /was changed by someone else/)
    t.equal((await command({ platform: meanwhile(t, null) })).code, 0)
  }
})

t.test('JSON is as its schema says', async t => {
  const platform = referencePlatform(t, { newSecrets: [firstSecret, secondSecret] })
  const outputs = [
    await create({ json: true }, { platform }),
    await regenerate({ force: true, json: true }, { platform }),
    await update({ json: true, name: 'A', description: 'B', scope: 'all' }, { platform }),
    await update({ json: true, permissions: '*', expires: 'never' }, { platform }),
    await update({ json: true, name: 'A' }, { platform }),
  ]
  for (const { out, err } of outputs) {
    t.equal(err(), '')
    t.ok(isDescribed(JSON.parse(out())), JSON.stringify(isDescribed.errors))
  }
})

t.test('where the answer to a write never comes, the error says what may have happened', async t => {
  const silent = (platform: ReferencePlatform): TestPlatform => ({
    ...platform,
    fetch: async request => {
      const answer = await platform.fetch(request)
      if (request.method === 'GET') return answer
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    },
  })
  const created = await create({ name: 'Lost' }, { platform: silent(referencePlatform(t)) })
  t.equal(created.code, 4)
  t.match(created.err(), /A key "Lost" may have been made anyway, whose secret nobody has/)
  const platform = referencePlatform(t)
  const replaced = await regenerate({ force: true }, { platform: silent(platform) })
  t.equal(replaced.code, 4)
  t.match(replaced.err(), /Its old secret may be dead\. Run: fluxloop-keys apikeys regenerate key_abc123/)
})

t.test('no secret is on any screen but the one that shows it', async t => {
  const sentinel = 'flux_prod_sentinel5e6f7g8h9i0jabcdefgh'
  const platform = referencePlatform(t, { newSecrets: [sentinel, sentinel.replace('5', '6')] })
  const folder = t.testdir({})
  const stores = await import('../../src/stores/open.ts')
  const opened = stores.createStores({
    env: { PATH: process.env['PATH'] },
    keychainHelper: { command: 'false', args: [] },
  })
  t.teardown(() => opened.close())
  const made = await create(
    { stores: [`env-file:${folder}/.env`], json: true },
    { platform, cwd: folder, terminal: true, with: { stores: async () => opened } },
  )
  t.equal(made.code, 0, made.err())
  t.equal(readFileSync(`${folder}/.env`, 'utf8'), `FLUXLOOP_API_KEY=${sentinel}\n`)
  const id = (JSON.parse(made.out()) as { api_key: { id: string } }).api_key.id
  const screens = [
    made,
    await update({ reference: id, name: 'Renamed' }, { platform }),
    await regenerate({ reference: id }, { platform }),
    await remove({ reference: id, force: true }, { platform }),
  ]
  for (const { out, err } of screens) t.notMatch(out() + err(), /sentinel/)
})
