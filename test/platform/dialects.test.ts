// Platforms that speak otherwise than the contract: what a command prints then, as golden text, and what is true afterwards.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { golden } from '../render/golden.ts'
import {
  type Dialect,
  type DialectStage,
  type Fields,
  both,
  callOf,
  changing,
  configuration,
  dialectStage,
  json,
  refusing,
} from '../support/dialects.ts'

interface Row {
  /** What the platform does, and what is right then. */
  readonly title: string
  /** Of the golden text. */
  readonly name: string
  readonly dialect: Dialect
  /** Made before the platform speaks the dialect; command lines. */
  readonly before?: readonly string[]
  readonly line: string | ((s: DialectStage) => Promise<string>)
  readonly code: number
  /** Where in the output the part begins that the dialect has to do with; all of it where absent. */
  readonly from?: string
  readonly to?: string
  readonly files?: Readonly<Record<string, string>>
  readonly then?: (t: Test, s: DialectStage) => Promise<void>
}

const create = 'POST /api/api-keys'
const show = 'GET /api/api-keys/:id'
const regenerate = 'POST /api/api-keys/:id/regenerate'
const list = 'GET /api/api-keys'

/** The secret is there, and a field of the key is not; the key cannot be asked for either. */
const short = both(
  changing([create, regenerate], ({ api_key, key }) => {
    const { id, name, scope, permissions, description } = api_key as Fields
    return { api_key: { id, name, scope, permissions, description }, key }
  }),
  refusing([show], 404, { detail: 'Not Found' }),
)
const secretAlone = changing([create], ({ key }) => ({ key }))

/** The key that the sandbox has under this name. */
const idOf = async (s: DialectStage, name: string) =>
  (await s.live()).find(key => key.name === name)?.id ?? 'none'

async function worksAs(t: Test, s: DialectStage, secret: string, name: string): Promise<void> {
  const who = await s.platform.fetch(
    new Request('http://localhost/api/auth/whoami', { headers: { authorization: `Bearer ${secret}` } }),
  )
  const { api_key } = (await who.json()) as { readonly api_key?: Fields }
  t.equal(api_key?.['name'], name, 'the secret works')
}

const secretIn = (text: string) => /flux_\w+?_[a-z0-9]{32}/.exec(text)?.[0] ?? 'none'

async function stored(t: Test, s: DialectStage): Promise<void> {
  await worksAs(t, s, secretIn(await readFile(join(s.folder, 'bot.env'), 'utf8')), 'Bot')
}

const oneProject: Dialect = async (request, pass) => {
  if (callOf(request) !== create) return await pass(request)
  const { project_id, ...rest } = (await request.clone().json()) as Fields
  const loc = ['body', 'project_id']
  if (project_id === undefined)
    return json({ detail: [{ loc, msg: 'Field required', type: 'missing' }] }, 422)
  if (typeof project_id !== 'string' || !project_id.startsWith('proj_'))
    return json({ detail: [{ loc, msg: 'Input should be a valid id', type: 'uuid_parsing' }] }, 422)
  const body = JSON.stringify({ ...rest, project_id })
  return await pass(new Request(request.url, { method: 'POST', headers: request.headers, body }))
}

const neverMatches: Dialect = async (request, pass) =>
  request.headers.has('if-match') ? json({ detail: 'Precondition Failed' }, 412) : await pass(request)

/** Its permissions have other names, in requests and in answers. */
const otherNames: Dialect = async (request, pass) => {
  const isWrite = ['POST', 'PATCH'].includes(request.method)
  const asked = isWrite ? await request.clone().text() : ''
  if (/read_scenarios|upload_results/.test(asked)) {
    const loc = ['body', 'permissions', 0]
    return json({ detail: [{ loc, msg: "Unknown permission 'read_scenarios'", type: 'enum' }] }, 422)
  }
  const response = await pass(request)
  const text = (await response.text())
    .replaceAll('"read_scenarios"', '"scenarios:read"')
    .replaceAll('"permissions":["*"]', '"permissions":["keys:write","scenarios:read"]')
  return new Response(text === '' ? null : text, { status: response.status, headers: response.headers })
}

let tries = 0
const asEver: Dialect = (request, pass) => pass(request)

const rows: readonly Row[] = [
  {
    title: 'an answer to create that is short of fields, with no way to ask for them: the secret is printed',
    name: 'create-short',
    dialect: short,
    line: 'apikeys create --name Bot --scope sales-assistant --permissions read_scenarios --quiet',
    code: 0,
  },
  {
    title: 'the same under apply: the secret is delivered, and works',
    name: 'apply-short',
    dialect: short,
    line: 'apply --auto-approve',
    code: 0,
    from: 'Apply complete!',
    then: stored,
  },
  {
    title:
      'an answer to regenerate that is short of fields: the secret is printed with the key as it was seen',
    name: 'regenerate-short',
    dialect: short,
    before: ['apikeys create --name Bot --quiet'],
    line: async s => `apikeys regenerate ${await idOf(s, 'Bot')} --force --json`,
    code: 0,
  },
  {
    title: 'an answer to create that holds the secret alone: the key is found in the list by its end',
    name: 'create-secret-alone',
    dialect: secretAlone,
    line: 'apply --auto-approve',
    code: 0,
    from: 'Apply complete!',
    then: stored,
  },
  {
    title: 'an answer to create that holds the secret alone, and no list: the secret is printed anyway',
    name: 'create-unplaced',
    dialect: both(secretAlone, refusing([list], 500, { detail: 'down' })),
    line: 'apikeys create --name Bot --quiet',
    code: 1,
  },
  {
    title: 'the same with a store: the store gets it',
    name: 'create-unplaced-store',
    dialect: both(secretAlone, refusing([list], 500, { detail: 'down' })),
    line: async s => `apikeys create --name Bot --store env-file:${s.folder}/bot.env`,
    code: 1,
    then: stored,
  },
  {
    title:
      'an answer to regenerate that is about another key: its secret is printed, and it is said that it is unclear',
    name: 'regenerate-other',
    dialect: changing([regenerate], ({ api_key, key }) => ({
      api_key: { ...(api_key as Fields), id: 'key_other' },
      key,
    })),
    before: ['apikeys create --name Bot --quiet'],
    line: async s => `apikeys regenerate ${await idOf(s, 'Bot')} --force --json`,
    code: 1,
  },
  {
    title: 'a platform that wants the id of one project gets it',
    name: 'project-id',
    dialect: oneProject,
    line: 'apply --auto-approve',
    code: 0,
    from: 'Apply complete!',
    then: stored,
  },
  {
    title: 'a platform that wants one project, and a key for all of them: the error says so',
    name: 'project-id-all',
    dialect: oneProject,
    line: 'apikeys create --name Bot --quiet',
    code: 2,
  },
  {
    title: 'a platform that never takes a version: an update says what it is',
    name: 'never-matches-update',
    dialect: neverMatches,
    before: ['apikeys create --name Bot --quiet'],
    line: async s => `apikeys update ${await idOf(s, 'Bot')} --name Other`,
    code: 1,
  },
  {
    title: 'a platform that never takes a version: a revocation says what it is',
    name: 'never-matches-delete',
    dialect: neverMatches,
    before: ['apikeys create --name Bot --quiet'],
    line: async s => `apikeys delete ${await idOf(s, 'Bot')} --force`,
    code: 1,
  },
  {
    title: 'a platform that never takes a version: apply says what it is',
    name: 'never-matches-apply',
    dialect: neverMatches,
    before: ['apply --auto-approve'],
    files: { 'fluxloop-keys.yaml': configuration.replace('Answers customers', 'Answers all') },
    line: 'apply --auto-approve',
    code: 1,
    from: 'Failed:',
  },
  {
    title: 'an error whose detail is an object: its message is shown, with its context',
    name: 'detail-object',
    dialect: refusing([create], 409, {
      detail: {
        code: 'LIMIT_REACHED',
        message: 'There are too many keys',
        context: { limit: 5, exceeded: true },
      },
    }),
    line: 'apikeys create --name Bot --quiet',
    code: 12,
  },
  {
    title: 'a refusal whose detail is an object with what is required: both are shown',
    name: 'detail-object-forbidden',
    dialect: refusing([list], 403, {
      detail: {
        code: 'FORBIDDEN',
        message: 'This token may not manage keys',
        context: { required: ['keys:write'], current: ['scenarios:read'] },
      },
    }),
    line: 'apikeys list',
    code: 3,
  },
  {
    title: 'a credential that the platform does not know: the message names URL and source',
    name: 'unknown-credential',
    dialect: refusing([list], 401, { detail: 'Invalid API key' }),
    line: 'apikeys list',
    code: 3,
  },
  {
    title: 'a port where nothing listens: one try, and the message says so',
    name: 'refused',
    dialect: async () => {
      tries += 1
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      })
    },
    line: 'apikeys list',
    code: 4,
    then: async t => {
      t.equal(tries, 1)
    },
  },
  {
    title: "a file with a stale line under the name that the platform's client reads first: plan warns of it",
    name: 'other-name-plan',
    dialect: asEver,
    files: { 'bot.env': 'FLUXLOOP_SYNC_API_KEY=an-old-one\n' },
    line: 'plan',
    code: 0,
    from: 'Warning:',
  },
  {
    title: 'the same: doctor warns of it',
    name: 'other-name-doctor',
    dialect: asEver,
    files: { 'bot.env': 'FLUXLOOP_SYNC_API_KEY=an-old-one\n', '.git': '' },
    line: 'doctor',
    code: 1,
    from: 'warning store',
    to: '\nFAILED  git',
  },
  {
    title: 'the same with both names declared: apply sets both, and nothing is left to warn of',
    name: 'both-names',
    dialect: asEver,
    files: {
      'bot.env': 'FLUXLOOP_SYNC_API_KEY=an-old-one\n',
      'fluxloop-keys.yaml': configuration.replace(
        'FLUXLOOP_API_KEY',
        '[FLUXLOOP_SYNC_API_KEY, FLUXLOOP_API_KEY]',
      ),
    },
    line: 'apply --auto-approve',
    code: 0,
    from: 'Apply complete!',
    then: async (t, s) => {
      const lines = (await s.read('bot.env')).trim().split('\n')
      t.same(
        lines.map(line => line.split('=')[0]),
        ['FLUXLOOP_SYNC_API_KEY', 'FLUXLOOP_API_KEY'],
      )
      t.equal(new Set(lines.map(secretIn)).size, 1)
      await stored(t, s)
      t.notMatch((await s.run('plan')).err(), /Warning/)
    },
  },
  {
    title: 'other names of permissions: a create that is held back names those of the platform',
    name: 'other-permissions-create',
    dialect: otherNames,
    before: ['apikeys create --name Other --permissions read_scenarios --quiet'],
    line: 'plan',
    code: 6,
    from: 'Held back:',
  },
  {
    title: 'other names of permissions: doctor names what the caller has',
    name: 'other-permissions-doctor',
    dialect: otherNames,
    line: 'doctor',
    code: 1,
    from: 'FAILED  permissions',
    to: '\nok      call GET /api/auth/whoami',
  },
]

function part(text: string, from = '', to?: string): string {
  for (const edge of [from, to ?? '']) {
    if (!text.includes(edge)) throw new Error(`"${edge}" was not printed: ${text}`)
  }
  const begun = text.slice(text.indexOf(from))
  return to === undefined ? begun : begun.slice(0, begun.indexOf(to))
}

/** What differs between two runs. */
function steady(text: string, folder: string): string {
  return text
    .replaceAll(folder, 'FOLDER')
    .replace(/key_[a-z0-9]{12}/g, 'key_abc123')
    .replace(/flux_(\w+?)_[a-z0-9]{32}/g, 'flux_$1_SECRET')
    .replace(/\.\.\.[a-z0-9]{5}/g, '...12345')
}

for (const { title, name, dialect, before = [], line, code, files = {}, from, to, then } of rows) {
  t.test(title, async t => {
    const s = dialectStage(t)
    for (const each of before) await s.succeed(each)
    for (const [path, text] of Object.entries(files)) await s.write(path, text)
    s.speak(dialect)
    const ran = await s.run(typeof line === 'string' ? line : await line(s))
    const text = `${ran.out()}${ran.err()}`
    t.equal(ran.code, code, text)
    golden(t, `dialect-${name}`, steady(part(text, from, to), s.folder).trimEnd(), import.meta.url)
    if (then !== undefined) await then(t, s)
  })
}
