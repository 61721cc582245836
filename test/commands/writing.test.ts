import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { type CreateOptions, runCreate } from '../../src/commands/apikeys/create.ts'
import { type DeleteOptions, runDelete } from '../../src/commands/apikeys/delete.ts'
import { type RegenerateOptions, runRegenerate } from '../../src/commands/apikeys/regenerate.ts'
import { type UpdateOptions, runUpdate } from '../../src/commands/apikeys/update.ts'
import type { Context } from '../../src/context.ts'
import { day } from '../../src/model/duration.ts'
import { type TestContextOptions, type TestPlatform, runToEnd, testContext } from '../support/context.ts'
import { pageLines, withoutLayout } from '../support/page.ts'
import { type ReferencePlatform, referenceNow, referencePlatform } from '../support/reference.ts'
import { golden } from '../render/golden.ts'

const where = { apiUrl: null, staging: false, profile: null, verbose: false }
const newKey: CreateOptions = {
  ...where,
  name: 'Production Deployment',
  description: null,
  scope: null,
  permissions: null,
  expires: null,
  environment: null,
  stores: [],
  clipboard: true,
  json: false,
  quiet: false,
}
const nothing: UpdateOptions = {
  ...where,
  reference: 'key_abc123',
  name: null,
  description: null,
  scope: null,
  permissions: null,
  expires: null,
  json: false,
  config: [],
}
const ending = { ...where, reference: 'key_abc123', force: false, forceSelf: false, config: [] }

async function run(command: (context: Context) => Promise<number>, options: TestContextOptions) {
  const context = testContext({ now: referenceNow, ...options })
  const code = await runToEnd(context, () => command(context))
  return { ...context, code }
}
const create = (asked: Partial<CreateOptions>, options: TestContextOptions) =>
  run(context => runCreate({ ...newKey, ...asked }, context), options)
const update = (asked: Partial<UpdateOptions>, options: TestContextOptions) =>
  run(context => runUpdate({ ...nothing, ...asked }, context), options)
const regenerate = (asked: Partial<RegenerateOptions>, options: TestContextOptions) =>
  run(context => runRegenerate({ ...ending, json: false, quiet: false, ...asked }, context), options)
const remove = (asked: Partial<DeleteOptions>, options: TestContextOptions) =>
  run(context => runDelete({ ...ending, ...asked }, context), options)

/** The live keys by id, past the commands. */
async function liveKeys(platform: ReferencePlatform): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const headers = { authorization: `Bearer ${platform.credential.reveal()}` }
  const answer = await platform.fetch(new Request('http://any.origin/api/api-keys', { headers }))
  const { api_keys: keys } = (await answer.json()) as {
    api_keys: (Record<string, unknown> & { id: string })[]
  }
  return new Map(keys.map(key => [key.id, key]))
}

const schema = new URL('../../schemas/apikeys.schema.json', import.meta.url)
const isDescribed = new Ajv2020({
  strict: true,
  strictTypes: false,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
}).compile(JSON.parse(readFileSync(schema, 'utf8')) as object)

const firstSecret = 'flux_prod_abc123def456ghi789jkl012mno'
const secondSecret = 'flux_prod_xyz789abc123def456ghi789jkl'
const writes = (requests: readonly string[]) => requests.filter(request => !request.startsWith('GET '))

/** Everything up to the box is the prompts' own. */
const createdScreen = pageLines('Select (1-4): 2', 'fluxloop apikeys show', 'create')

t.test('create prints the screen of the page, and copies the secret where there is a clipboard', async t => {
  const platform = referencePlatform(t, { keys: [], newSecrets: [firstSecret] })
  platform.now = Date.UTC(2024, 0, 16, 12)
  const copied: string[] = []
  const scope = 'customer-support-bot,sales-assistant'
  const { out, err, code, requests } = await create(
    { scope },
    {
      platform,
      now: platform.now,
      terminal: true,
      with: {
        copySecret: async secret => {
          copied.push(secret.reveal())
          return { ok: true }
        },
      },
    },
  )
  t.equal(code, 0, err())
  t.equal(err(), '')
  t.strictSame(withoutLayout(out()), withoutLayout(createdScreen))
  t.strictSame(copied, [firstSecret])
  t.strictSame(requests, ['GET /api/projects', 'POST /api/api-keys'])
  golden(t, 'create', out(), import.meta.url)
})

t.test('create never says that a secret was copied when it was not', async t => {
  const created = async (tried: readonly string[], terminal: boolean, clipboard = true) => {
    const platform = referencePlatform(t, { keys: [] })
    const copySecret = async () => ({ ok: false, tried }) as const
    return (await create({ clipboard }, { platform, terminal, with: { copySecret } })).out()
  }
  const nowhere = await created([], true)
  t.match(nowhere, /There is no clipboard here: copy the key from the box above\.\n$/)
  const failed = await created(['xclip', 'xsel'], true)
  t.match(failed, /not in your clipboard \(xclip and xsel failed\)/)
  t.notMatch(nowhere + failed, /has been copied/)
  t.notMatch(await created([], false), /clipboard/, 'a pipe is no desktop')
  t.notMatch(await created([], true, false), /clipboard/, 'with --no-clipboard')
})

t.test('create needs a name only: scope all, 90 days and the three permissions of the web form', async t => {
  const platform = referencePlatform(t, { keys: [], newIds: ['key_made'] })
  t.equal((await create({ name: 'Deploy', environment: 'ci' }, { platform })).code, 0)
  const made = (await liveKeys(platform)).get('key_made')
  t.match(made, {
    name: 'Deploy',
    description: '',
    scope: '*',
    permissions: ['create_scenarios', 'read_scenarios', 'upload_results'],
    environment: 'ci',
    expires_at: new Date(platform.now + 90 * day).toISOString(),
  })
})

t.test('create takes periods, never and dates', async t => {
  const ends: readonly (readonly [expires: string, end: string | null])[] = [
    ['30d', new Date(referenceNow + 30 * day).toISOString()],
    ['1y', new Date(referenceNow + 365 * day).toISOString()],
    ['36h', new Date(referenceNow + 1.5 * day).toISOString()],
    ['never', null],
    ['2024-12-31', '2024-12-31T00:00:00.000Z'],
  ]
  for (const [expires, end] of ends) {
    const platform = referencePlatform(t, { keys: [], newIds: ['key_made'] })
    const { code, err } = await create({ expires }, { platform })
    t.equal(code, 0, `${expires} ${err()}`)
    t.match((await liveKeys(platform)).get('key_made'), { expires_at: end }, expires)
  }
})

t.test('create checks everything before it calls anything', async t => {
  const mistakes: readonly (readonly [asked: Partial<CreateOptions>, says: RegExp])[] = [
    [{ name: null }, /apikeys create needs --name/],
    [{ name: '  ' }, /The key needs a name/],
    [{ name: 'a\u200bb' }, /character that cannot be seen/],
    [{ name: 'x'.repeat(101) }, /has 101 characters/],
    [{ description: 'x [fk1 y]' }, /looks like the marker/],
    [{ permissions: 'read_scenario' }, /no permission "read_scenario"[^]*Did you mean read_scenarios\?/],
    [{ permissions: '*,read_results' }, /stands for all permissions/],
    [{ permissions: 'read_results,,' }, /empty permission/],
    [{ scope: 'all,sales-assistant' }, /names all projects and some/],
    [{ expires: '90' }, /"90" is no expiry/],
    [{ expires: '0d' }, /"0d" is no expiry/],
    [{ expires: '2024-02-30' }, /"2024-02-30" is no expiry/],
    [{ expires: '2024-01-01' }, /2024-01-01 is past: today is 2024-01-22/],
    [{ expires: '999999y' }, /longer than 100 years/],
    [{ environment: 'production' }, /no environment "production"/],
    [{ stores: ['keychian'] }, /no store "keychian"[^]*Did you mean keychain\?/],
    [{ stores: ['env-file'] }, /env-file needs a path/],
    [{ stores: ['age-file:key.age'] }, /does not say for whom/],
    [{ json: true, quiet: true }, /two outputs/],
    [{ quiet: true, stores: ['env-file:.env'] }, /keeps it off the screen/],
  ]
  for (const [asked, says] of mistakes) {
    const { code, err, out, requests } = await create(asked, { platform: referencePlatform(t, { keys: [] }) })
    t.equal(code, 2, err())
    t.match(err(), says)
    t.equal(out(), '')
    t.strictSame(requests, [])
  }
  const platform = referencePlatform(t, { keys: [] })
  const unknown = await create({ scope: 'sales-asistant' }, { platform })
  t.equal(unknown.code, 2)
  t.match(unknown.err(), /no project "sales-asistant"[^]*Did you mean sales-assistant\?/)
  t.strictSame(unknown.requests, ['GET /api/projects'])
})

t.test('--quiet prints the secret alone, and --json the key with it', async t => {
  const quiet = await create(
    { quiet: true },
    { platform: referencePlatform(t, { newSecrets: [firstSecret] }) },
  )
  t.equal(quiet.out(), `${firstSecret}\n`)
  const json = await create({ json: true }, { platform: referencePlatform(t, { newSecrets: [firstSecret] }) })
  t.match(JSON.parse(json.out()), {
    format_version: '1.0',
    api_key: { name: 'Production Deployment', environment: 'prod', scope: 'all', managed: null },
    key: firstSecret,
    stores: [],
  })
})

t.test('a key that is not as asked for, or whose secret is not told, is revoked again', async t => {
  const bends: readonly (readonly [
    bend: (platform: ReferencePlatform) => TestPlatform['fetch'],
    says: RegExp,
  ])[] = [
    [
      platform => async request => {
        if (request.method !== 'POST') return await platform.fetch(request)
        // A platform that knows no permissions gives all of them.
        const body = JSON.stringify({ ...((await request.json()) as object), permissions: ['*'] })
        return await platform.fetch(
          new Request(request.url, { method: 'POST', headers: request.headers, body }),
        )
      },
      /its `permissions` is not what was asked for/,
    ],
    [
      platform => async request => {
        const answer = await platform.fetch(request)
        if (request.method !== 'POST') return answer
        const { api_key: key } = (await answer.json()) as { api_key: object }
        return Response.json({ api_key: key }, { status: 201 })
      },
      /its answer holds no secret/,
    ],
  ]
  for (const [bend, says] of bends) {
    const platform = referencePlatform(t, { keys: [], newIds: ['key_bent'] })
    const { code, out, err } = await create({}, { platform: { ...platform, fetch: bend(platform) } })
    t.equal(code, 1)
    t.match(err(), says)
    t.match(err(), /The new key key_bent, which nobody received, was revoked again\./)
    t.equal(out(), '')
    t.equal((await liveKeys(platform)).size, 0)
  }
})

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
    [undefined, 1, /nobody to confirm[^]*Add --force/],
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

t.test('a write whose key changed in the meantime overwrites nothing; mere use is no change', async t => {
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

t.test('no secret is on any screen but the one that shows it', async t => {
  const sentinel = 'flux_prod_sentinel5e6f7g8h9i0jabcdefgh'
  const platform = referencePlatform(t, { newSecrets: [sentinel, sentinel.replace('5', '6')] })
  const folder = t.testdir({})
  const stores = await import('../../src/stores/open.ts')
  const opened = stores.createStores({ env: {}, keychainHelper: { command: 'false', args: [] } })
  t.teardown(() => opened.close())
  const made = await create(
    { stores: [`env-file:${folder}/.env`], json: true },
    { platform, terminal: true, with: { stores: async () => opened } },
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
