import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { readCommandLine } from '../../src/cli.ts'
import { type ListOptions, runList } from '../../src/commands/apikeys/apikeys-list-command.ts'
import { runShow } from '../../src/commands/apikeys/apikeys-show-command.ts'
import { day } from '../../src/model/duration.ts'
import { Secret } from '../../src/model/secret.ts'
import { type TestContextOptions, runToEnd, testContext } from '../support/context.ts'
import { pageLines, withoutLayout } from '../support/page.ts'
import { type ReferencePlatform, listedKeys, referenceNow, referencePlatform } from '../support/reference.ts'
import { golden } from '../render/golden.ts'

const where = { apiUrl: null, staging: false, profile: null, verbose: false, json: false }
const listed: ListOptions = {
  ...where,
  managed: null,
  unused: null,
  expiring: null,
  project: null,
  sort: 'created',
  showKeys: false,
}

const schema = new URL('../../schemas/apikeys.schema.json', import.meta.url)
const validate = new Ajv2020({
  strict: true,
  strictTypes: false,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
}).compile(JSON.parse(readFileSync(schema, 'utf8')) as object)

async function list(asked: Partial<ListOptions>, options: TestContextOptions) {
  const context = testContext(options)
  const code = await runToEnd(context, () => runList({ ...listed, ...asked }, context))
  return { ...context, code }
}

async function show(reference: string, options: TestContextOptions, json = false) {
  const context = testContext(options)
  const code = await runToEnd(context, () => runShow({ ...where, reference, json }, context))
  return { ...context, code }
}

async function ids(asked: Partial<ListOptions>, platform: ReferencePlatform): Promise<readonly string[]> {
  const { out } = await list({ ...asked, json: true }, { platform })
  return (JSON.parse(out()) as { api_keys: { id: string }[] }).api_keys.map(({ id }) => id)
}

/** Sends what no command of ours does: the past of a test. */
async function send(platform: ReferencePlatform, method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${platform.credential.reveal()}` }
  const request = new Request(`http://any.origin${path}`, { method, headers, body: JSON.stringify(body) })
  const answer = await platform.fetch(request)
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
}

t.test('list prints the screen of the page, with --show-keys', async t => {
  const platform = referencePlatform(t, { keys: listedKeys })
  const { out, err, code, requests } = await list({ showKeys: true }, { platform })
  t.equal(code, 0)
  t.equal(err(), '')
  t.strictSame(withoutLayout(out()), withoutLayout(pageLines('Output:', 'fluxloop apikeys create', 'list')))
  t.strictSame(requests, ['GET /api/api-keys'])
  golden(t, 'list-show-keys', out(), import.meta.url)
  golden(t, 'list-40', (await list({}, { platform, width: 40 })).out(), import.meta.url)
  const colour = await list({}, { platform, colour: true, terminal: true, width: 80 })
  golden(t, 'list-terminal', colour.out(), import.meta.url)
})

t.test('list shows nothing of a key but its prefix, unless it is asked to', async t => {
  const platform = referencePlatform(t)
  for (const json of [false, true]) {
    const plain = (await list({ json }, { platform })).out()
    t.match(plain, /flux_prod_\*\*\*\*/)
    t.notMatch(plain, /mno34|jkl\b|tuv/, 'no end of a key')
    t.match((await list({ json, showKeys: true }, { platform })).out(), /flux_dev_\*\*\*\*\.\.\.mno34/)
  }
  const longMask = {
    credential: new Secret('any'),
    fetch: async (request: Request) => {
      const text = await (await platform.fetch(asOwner(request, platform))).text()
      return Response.json(JSON.parse(text.replaceAll('...mno34', '...89jkl012mno34')))
    },
  }
  const { out } = await list({ showKeys: true }, { platform: longMask })
  t.match(out(), /flux_dev_\*\*\*\*\.\.\.mno34/, 'never more than five characters, whatever is sent')
  t.notMatch(out(), /2mno34/)
})

function asOwner(request: Request, { credential }: ReferencePlatform): Request {
  const headers = new Headers(request.headers)
  headers.set('authorization', `Bearer ${credential.reveal()}`)
  return new Request(request, { headers })
}

t.test('list filters by owner, use, end and project', async t => {
  const platform = referencePlatform(t)
  const [dev, ci, backup, prod, old, expired] = [
    'key_def456',
    'key_ghi789',
    'key_jkl012',
    'key_abc123',
    'key_xyz789',
    'key_pqr345',
  ]
  const same = async (asked: Partial<ListOptions>, expected: readonly (string | undefined)[]) =>
    t.strictSame((await ids(asked, platform)).toSorted(), expected.toSorted(), JSON.stringify(asked))
  await same({ managed: false }, [dev, ci, backup, prod, old, expired])
  await same({ managed: true }, [])
  await same({ unused: 90 * day }, [old])
  await same({ unused: 30 * day }, [old, backup])
  await same({ unused: 8 * day }, [old, backup, expired])
  await same({ expiring: 80 * day }, [ci])
  await same({ expiring: 90 * day }, [ci, dev, prod])
  await same({ project: 'analytics-agent' }, [ci, old, expired])
  await same({ project: 'sales-assistant', expiring: 90 * day }, [ci, dev, prod])

  const marker = '[fk1 acme-agents/ci-pipeline g2 k3x9v0q2ma ...]'
  await send(platform, 'PATCH', `/api/api-keys/${ci}`, { description: `Nightly ${marker}` })
  t.strictSame(await ids({ managed: true }, platform), [ci], 'a marker that nobody can read is a marker')
  const shown = await show('CI/CD Pipeline', { platform })
  t.match(shown.out(), /^Description: Nightly/m)
  t.match(shown.out(), /^Managed by: a marker that this version cannot read$/m)
})

t.test('list sorts as asked, with ties by id', async t => {
  const platform = referencePlatform(t)
  const names = async (sort: ListOptions['sort']) => {
    const { out } = await list({ sort, json: true }, { platform })
    return (JSON.parse(out()) as { api_keys: { name: string }[] }).api_keys.map(({ name }) => name)
  }
  t.strictSame(await names('name'), (await names('created')).toSorted(), 'by name')
  t.strictSame(await names('created'), [
    'Production Deployment',
    'My Development Key',
    'CI/CD Pipeline',
    'Backup Key',
    'Production Key',
    'Old Development Key',
  ])
  t.strictSame((await names('expires')).slice(0, 2), ['Production Key', 'CI/CD Pipeline'])
  t.strictSame((await names('expires')).slice(-2), ['Backup Key', 'Old Development Key'], 'no end comes last')
  t.strictSame((await names('last-used'))[0], 'CI/CD Pipeline')
  t.strictSame((await names('last-used')).at(-1), 'Backup Key', 'never used comes last')
})

t.test('an empty list says what to do, and one that filters emptied says what was looked at', async t => {
  const empty = referencePlatform(t, { keys: [] })
  t.match((await list({}, { platform: empty })).out(), /no API keys yet.*apikeys create/)
  const platform = referencePlatform(t, { keys: listedKeys })
  const none = await list({ project: 'analytics-agent', managed: true }, { platform })
  t.match(none.out(), /None of the 3 API keys fits/)
  t.equal(none.code, 0)
  const typo = await list({ project: 'sales-asistant', managed: true }, { platform })
  t.equal(typo.code, 5)
  t.match(typo.err(), /There is no project "sales-asistant"[^]*Did you mean "sales-assistant"\?/)
  t.equal(typo.out(), '')
  const some = await list({ project: 'sales-assistant' }, { platform })
  t.match(some.out(), /\nTotal: 2 of 3 API keys\n$/)
})

t.test('list tells keys of one name apart by their ids', async t => {
  const platform = referencePlatform(t, { keys: listedKeys, newIds: ['key_second'] })
  t.notMatch((await list({}, { platform })).out(), /Key ID/)
  await send(platform, 'POST', '/api/api-keys', { name: 'Backup Key' })
  const { out } = await list({}, { platform })
  t.match(out(), /Key ID: key_second/)
  t.match(out(), /Key ID: key_jkl012/)
  t.notMatch(out(), /key_def456/)
  const refused = await show('Backup Key', { platform })
  t.equal(refused.code, 2)
  t.match(refused.err(), /2 API keys are called "Backup Key"/)
})

t.test('show prints the screen of the page, and four more permissions', async t => {
  const platform = referencePlatform(t)
  const { out, code, requests } = await show('key_abc123', { platform })
  t.equal(code, 0)
  const page = withoutLayout(pageLines('Output:', 'fluxloop apikeys update', 'show'))
  const last = page.indexOf('❌ Manage projects') + 1
  const ours = ['❌ Update scenarios', '❌ Read results', '❌ Invite members', '❌ Manage API keys']
  t.strictSame(withoutLayout(out()), [...page.slice(0, last), ...ours, ...page.slice(last)])
  t.strictSame(requests, ['GET /api/api-keys', 'GET /api/api-keys/key_abc123/usage'])
  golden(t, 'show', out(), import.meta.url)
  const terminal = { platform, terminal: true, colour: true, width: 80 }
  golden(t, 'show-terminal', (await show('Production Deployment', terminal)).out(), import.meta.url)
  golden(
    t,
    'show-40',
    (await show('key_abc123', { platform, width: 40, terminal: true })).out(),
    import.meta.url,
  )
})

t.test('show says what is not there: no use, no end, no figures', async t => {
  const platform = referencePlatform(t)
  const backup = (await show('Backup Key', { platform })).out()
  t.match(backup, /Expires: Never\n/)
  t.match(backup, /Total requests: 0\n {2}Avg per day: 0\n\nLast used: Never\n$/)
  t.match((await show('Production Key', { platform })).out(), /Expired: Jan 15, 2024 \(6 days ago\)/)
  const withoutUsage = {
    credential: platform.credential,
    fetch: async (request: Request) =>
      request.url.includes('/usage')
        ? Response.json({ detail: 'API key not found' }, { status: 404 })
        : await platform.fetch(request),
  }
  const shown = await show('key_abc123', { platform: withoutUsage })
  t.equal(shown.code, 0)
  t.match(shown.out(), /Usage \(Last 30 days\):\n {2}Not available\n/)
  t.match(shown.err(), /no usage/)
  const missing = await show('key_nothing', { platform })
  t.equal(missing.code, 5)
  t.equal(missing.out(), '')
})

t.test('days are those of the user, and their zone changes no JSON', async t => {
  const platform = referencePlatform(t, { keys: ['key_def456'] })
  const inAuckland = { platform, timeZone: 'Pacific/Auckland' }
  t.match((await list({}, inAuckland)).out(), /Created: Jan 16, 2024 +│/, 'noon in UTC is the next day there')
  t.match((await show('key_def456', inAuckland)).out(), /Expires: Apr 16, 2024 \(84 days remaining\)/)
  const json = await show('key_def456', inAuckland, true)
  t.equal(json.out(), (await show('key_def456', { platform }, true)).out())
  t.match(json.out(), /"created_at": "2024-01-15T12:00:00Z"/)
})

t.test('the clock is the one of the server that listed the keys', async t => {
  const platform = referencePlatform(t, { keys: ['key_def456'] })
  const wrong = { platform, now: referenceNow + 400 * day }
  t.match((await list({}, wrong)).out(), /84 days remaining/)
})

t.test('JSON is as the schema has it', async t => {
  const platform = referencePlatform(t)
  for (const { out } of [
    await list({ json: true }, { platform }),
    await list({ json: true, showKeys: true }, { platform }),
    await show('key_abc123', { platform }, true),
    await show('Backup Key', { platform }, true),
    await commandLine(['apikeys', 'create', '--name', 'New', '--json'], { platform }),
    await commandLine(['apikeys', 'regenerate', 'New', '--force', '--json'], { platform }),
    await commandLine(
      ['apikeys', 'update', 'New', '--expires', 'never', '--scope', 'sales-assistant', '--json'],
      { platform },
    ),
  ])
    t.ok(validate(JSON.parse(out())), JSON.stringify(validate.errors))
})

async function commandLine(words: readonly string[], options: TestContextOptions) {
  const context = testContext(options)
  const code = await runToEnd(context, async () => {
    return await readCommandLine(words).run(context)
  })
  return { ...context, code }
}

t.test('flags mean what they say, and what means nothing is refused before any request', async t => {
  const platform = referencePlatform(t)
  const all = await commandLine(
    ['apikeys', 'list', '--unmanaged', '--unused', '12w', '--project=analytics-agent', '--sort', 'last-used'],
    { platform },
  )
  t.match(all.out(), /Old Development Key/)
  t.match(all.out(), /Total: 1 of 6 API keys/)
  t.match((await commandLine(['apikeys', 'list', '--expiring', '80d'], { platform })).out(), /Total: 1 of 6/)
  for (const [flags, message] of [
    [['--unused', '90'], /--unused takes a duration such as 90d, 2w or 36h, not `90`/],
    [['--expiring', 'soon'], /--expiring takes a duration/],
    [['--sort', 'nmae'], /Did you mean name\?/],
    [['--managed', '--unmanaged'], /both managed and unmanaged/],
    [['--show-key'], /Did you mean --show-keys\?/],
  ] as const) {
    const refused = await commandLine(['apikeys', 'list', ...flags], { platform })
    t.equal(refused.code, 2, flags.join(' '))
    t.match(refused.err(), message)
    t.strictSame(refused.requests, [])
  }
  t.equal((await commandLine(['apikeys', 'show'], { platform })).code, 2)
})
