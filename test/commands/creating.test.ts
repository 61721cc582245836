import t from 'tap'
import type { CreateOptions } from '../../src/commands/apikeys/apikeys-create-command.ts'
import { day } from '../../src/model/duration.ts'
import { writeDescription } from '../../src/platform/marker-text.ts'
import { marker } from '../support/build.ts'
import type { TestPlatform } from '../support/context.ts'
import { pageLines, withoutLayout } from '../support/page.ts'
import { type ReferencePlatform, referenceNow, referencePlatform } from '../support/reference.ts'
import { golden } from '../render/golden.ts'
import { create, firstSecret, liveKeys, writes } from '../support/writing.ts'

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
          return { ok: true, clears: false }
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
  const created = async (
    tried: readonly string[],
    { clipboard = true, withheld = [] as readonly string[] } = {},
  ) => {
    const platform = referencePlatform(t, { keys: [] })
    const copySecret = async () => ({ ok: false, tried, withheld }) as const
    return (await create({ clipboard }, { platform, terminal: true, with: { copySecret } })).out()
  }
  const nowhere = await created([])
  t.match(nowhere, /There is no clipboard here: copy the key from the box above\.\n$/)
  const failed = await created(['xclip', 'xsel'])
  t.match(failed, /not in your clipboard \(xclip and xsel failed\)/)
  const withheld = await created(['xclip'], { withheld: ['wl-copy'] })
  t.match(withheld, /clipboard \(wl-copy might keep the secret on a disk, and xclip failed\)/)
  t.notMatch(nowhere + failed + withheld, /has been copied/)
  t.notMatch(await created([], { clipboard: false }), /clipboard/, 'with --no-clipboard')
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
    [{ expires: '90' }, /Invalid expiry "90"/],
    [{ expires: '0d' }, /Invalid expiry "0d"/],
    [{ expires: '2024-02-30' }, /Invalid expiry "2024-02-30"/],
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

t.test('a key of another name or of a stack, which an answer says was made, is left as it is', async t => {
  const platform = referencePlatform(t)
  const before = await liveKeys(platform)
  const [listed] = before.values()
  const bearing = writeDescription('Theirs', marker({ stack: 'theirs' }))
  const answers: readonly (readonly [key: object, says: RegExp])[] = [
    [{ ...listed }, /The platform says it made \S+, but that key is called "/],
    [
      { ...listed, name: 'Production Deployment', description: bearing },
      /but that key belongs to the stack\s+theirs\./,
    ],
  ]
  for (const [key, says] of answers) {
    const fetch: TestPlatform['fetch'] = async request =>
      request.method === 'POST'
        ? Response.json({ api_key: key, key: firstSecret }, { status: 201 })
        : await platform.fetch(request)
    const { code, out, err, requests } = await create({}, { platform: { ...platform, fetch } })
    t.equal(code, 1)
    t.match(err(), says)
    t.match(err(), /was left as it is/)
    t.equal(out(), '')
    t.strictSame(writes(requests), ['POST /api/api-keys'])
    t.strictSame(await liveKeys(platform), before)
  }
})
