import { inspect } from 'node:util'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { officialFiles } from '../../src/platform/credentials.ts'
import type { Endpoint } from '../../src/platform/endpoint.ts'
import {
  type CredentialReaders,
  findCredential,
  requireCredential,
} from '../../src/platform/find-credential.ts'
import { failed } from '../support/failed.ts'

const now = Date.UTC(2024, 0, 22, 12)
const production: Endpoint = { url: 'https://api.fluxloop.ai', source: 'production', chosenBy: 'caller' }
/** What a file of the repository names. */
const named = (url: string): Endpoint => ({ url, source: '/srv/.fluxloop/project.json', chosenBy: 'file' })
const staging: Endpoint = { url: 'https://staging.api.fluxloop.ai', source: '--staging', chosenBy: 'caller' }

/** What there is on a machine; every key says in its name where it lies. */
interface Machine {
  readonly env?: Readonly<Record<string, string>>
  /** By profile: the origin that the login was made for. */
  readonly logins?: Readonly<Record<string, string>>
  readonly keychain?: Failure
  readonly profiles?: string
  readonly token?: string
}

function look(machine: Machine) {
  const told: string[] = []
  const asked: string[] = []
  const kept: string[] = []
  const readers: CredentialReaders = {
    env: machine.env ?? {},
    login: async profile => {
      asked.push(`keychain ${profile}`)
      if (machine.keychain !== undefined) throw machine.keychain
      const origin = machine.logins?.[profile]
      return origin === undefined ? null : { origin, secret: new Secret(`flux_keychain_${profile}`) }
    },
    homeFile: async path => {
      asked.push(path)
      return (path === officialFiles.token ? machine.token : machine.profiles) ?? null
    },
    keepLogin: async (profile, { session }) =>
      void kept.push(`keychain ${profile} ${session?.userEmail ?? ''}`),
    keepToken: async text => void kept.push(text),
    now: () => now,
    tell: text => void told.push(text),
  }
  return { readers, told, asked, kept }
}

const env = { FLUXLOOP_API_KEY: 'flux_env' }
const logins = { default: production.url, work: production.url }
const profiles = `
profiles:
  default: { api_key: flux_file_default, account: acme, expires: 2024-02-01 }
  work: { api_key: flux_file_work, account: acme, expires: null }
`
const token = JSON.stringify({
  access_token: 'flux_token',
  expires_at: '2024-01-22T12:00:01Z',
  user_email: 'a@b',
})
const everything = { env, logins, profiles, token }
const nobodyThere = new Failure('failed', 'There is no keychain service here.')

const table: readonly {
  readonly name: string
  readonly machine: Machine
  readonly profile?: string
  readonly endpoint?: Endpoint
  readonly finds: string | null
  readonly expiresAt?: number | null
  /** What is looked at, in order. */
  readonly asks: readonly string[]
  readonly says?: readonly RegExp[]
}[] = [
  {
    name: 'the environment goes first, and nothing else is even looked at',
    machine: everything,
    finds: 'flux_env',
    asks: [],
  },
  {
    name: 'the variable that the platform’s own client reads first counts too',
    machine: { ...everything, env: { FLUXLOOP_SYNC_API_KEY: 'flux_older' } },
    finds: 'flux_older',
    asks: [],
  },
  {
    name: 'without it our own keychain entry is next',
    machine: { ...everything, env: { FLUXLOOP_API_KEY: ' ' } },
    finds: 'flux_keychain_default',
    asks: ['keychain default'],
  },
  {
    name: 'then the default profile of the official file',
    machine: { profiles, token },
    finds: 'flux_file_default',
    expiresAt: Date.UTC(2024, 1, 1),
    asks: ['keychain default', officialFiles.profiles],
  },
  {
    name: 'then the official token',
    machine: { token },
    finds: 'flux_token',
    expiresAt: now + 1_000,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
  },
  {
    name: 'and then nothing',
    machine: {},
    finds: null,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
  },
  {
    name: 'a profile goes before the environment',
    machine: everything,
    profile: 'work',
    finds: 'flux_keychain_work',
    asks: ['keychain work'],
  },
  {
    name: 'a profile may be one of the official file',
    machine: { ...everything, logins: {} },
    profile: 'work',
    finds: 'flux_file_work',
    asks: ['keychain work', officialFiles.profiles],
  },
  {
    name: 'a profile that is nowhere is not replaced by another credential',
    machine: everything,
    profile: 'absent',
    finds: null,
    asks: ['keychain absent', officialFiles.profiles],
  },
  {
    name: 'a login is not sent to another origin than its own',
    machine: { logins },
    endpoint: staging,
    finds: null,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
    says: [/for https:\/\/api\.fluxloop\.ai, so it is not sent to https:\/\/staging\.api\.fluxloop\.ai/],
  },
  {
    name: 'what has expired is skipped with a word, and the next is used',
    machine: { profiles: profiles.replace('2024-02-01', '2024-01-22'), token },
    finds: 'flux_token',
    expiresAt: now + 1_000,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
    says: [/~\/\.fluxloop\/credentials \(profile default\) has expired/],
  },
  {
    name: 'a token expires at its instant',
    machine: { token: token.replace('12:00:01', '12:00:00') },
    finds: null,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
    says: [/~\/\.fluxloop\/auth\.json has expired/, /fluxloop-keys auth login, or fluxloop auth login/],
  },
  {
    name: 'a token that can be renewed does not expire',
    machine: {
      token: token.replace('12:00:01', '11:00:00').replace('{', '{"refresh_token":"refresh-of-old",'),
    },
    finds: 'flux_token',
    expiresAt: now - 3_600_000,
    asks: ['keychain default', officialFiles.profiles, officialFiles.token],
  },
  {
    name: 'a keychain that does not work is passed over with a word',
    machine: { keychain: nobodyThere, profiles },
    finds: 'flux_file_default',
    expiresAt: Date.UTC(2024, 1, 1),
    asks: ['keychain default', officialFiles.profiles],
    says: [/keychain could not be asked.*no keychain service here/],
  },
  {
    name: "a folder's file may point to the platform itself",
    machine: everything,
    endpoint: named('https://staging.api.fluxloop.ai'),
    finds: 'flux_env',
    asks: [],
  },
  {
    name: 'a login goes to its own origin, also where only a file names that',
    machine: { ...everything, logins: { default: 'https://acme.example' } },
    endpoint: named('https://acme.example/api'),
    finds: 'flux_keychain_default',
    asks: ['keychain default'],
    says: [/FLUXLOOP_API_KEY in the environment is not used: only \/srv.*project\.json names/],
  },
]

t.test('takes the first credential of a fixed order, and says what it passes over', async t => {
  for (const {
    name,
    machine,
    profile = null,
    endpoint = production,
    finds,
    expiresAt = null,
    asks,
    says = [],
  } of table) {
    const { readers, told, asked } = look(machine)
    const found = await findCredential(profile, endpoint, readers)
    t.equal(found?.secret.reveal() ?? null, finds, name)
    if (found !== null) t.equal(found.expiresAt, expiresAt, `${name}: its end`)
    t.strictSame(asked, asks, `${name}: what is looked at`)
    t.equal(told.length, says.length, `${name}: ${told.join(' ')}`)
    for (const [index, pattern] of says.entries()) t.match(told[index], pattern, name)
    t.notMatch([...told, found?.source ?? ''].join(), /flux_/, `${name}: no secret`)
  }
})

t.test('sends no credential of any kind to a platform that only a file names', async t => {
  const machines: Readonly<Record<string, Machine>> = {
    'the environment': { env },
    'the older variable': { env: { FLUXLOOP_SYNC_API_KEY: 'flux_older' } },
    'a login for another origin': { logins },
    'the official profiles': { profiles },
    'the official token': { token },
    'a keychain that does not work': { ...everything, keychain: nobodyThere },
    everything,
    nothing: {},
  }
  const origins = [
    'https://evil.example/api',
    'https://fluxloop.ai',
    'https://other.fluxloop.ai',
    'https://api.notfluxloop.ai',
    'https://api.fluxloop.ai.evil.example',
    'https://api.fluxloop.ai.',
    'https://api.fluxloop.ai:8443',
    'http://localhost:8080',
    'https://$(id).evil.example',
  ]
  for (const [kind, machine] of Object.entries(machines)) {
    for (const profile of [null, 'work']) {
      for (const url of origins) {
        const { readers, asked } = look(machine)
        const failure = await failed(findCredential(profile, named(url), readers))
        t.match(
          failure,
          { code: 'usage', message: /^\/srv\/\.fluxloop\/project\.json names the platform http/ },
          kind,
        )
        t.match(failure.hints.join('\n'), /Nothing was sent[^]*--api-url[^]*FLUXLOOP_API_URL[^]*auth login/)
        t.notMatch(failure.hints.join('\n'), /\$\(/, 'nothing that a shell would run')
        t.strictSame(asked, [`keychain ${profile ?? 'default'}`], 'no file is read')
      }
    }
  }
})

t.test('says how to log in where there is no credential', async t => {
  const { readers } = look({})
  t.match(await failed(requireCredential(null, production, readers)), {
    code: 'authentication',
    hints: [/auth login`/, /fluxloop auth login/, /FLUXLOOP_API_KEY/, /sandbox:/],
  })
  t.match(await failed(requireCredential('work', production, readers)), {
    message: /no login for the profile work/,
    hints: [/auth login --profile work`/],
  })
  t.match(await failed(requireCredential('../x', production, readers)), {
    code: 'usage',
    message: /--profile/,
  })
})

t.test('reads official files that begin with a byte order mark', async t => {
  for (const machine of [{ token: `\uFEFF${token}` }, { profiles: `\uFEFF${profiles.trimStart()}` }])
    t.ok(await findCredential(null, production, look(machine).readers), JSON.stringify(machine))
})

t.test('says what to do about quotes that a file of variables left around the key', async t => {
  for (const quote of ['"', "'", '`']) {
    const machine = { env: { FLUXLOOP_API_KEY: `${quote}flux_SENTINEL${quote}` } }
    const failure = await failed(findCredential(null, production, look(machine).readers))
    t.match(failure, {
      code: 'authentication',
      message: 'FLUXLOOP_API_KEY is not an API key: it stands in quotes',
      hints: [/Take the quotes away/],
    })
    t.notMatch(inspect(failure, { depth: 9, showHidden: true }), /SENTINEL/)
  }
})

t.test('reads no credential from a broken official file, and quotes none of it', async t => {
  const broken: readonly Machine[] = [
    { profiles: 'profiles: { default: { api_key: "SENTINEL' },
    { profiles: 'profiles: { default: { api_key: SENTINEL two } }' },
    { profiles: 'profiles: { default: { api_key: SENTINEL, expires: soon } }' },
    { token: '{"access_token": "SENTINEL' },
    { token: '{"access_token": "SENTINEL", "expires_at": 17}' },
  ]
  for (const machine of broken) {
    const failure = await failed(findCredential(null, production, look(machine).readers))
    t.match(failure, { code: 'authentication', message: /\.fluxloop/ }, JSON.stringify(machine))
    t.notMatch(inspect(failure, { depth: 9, showHidden: true }), /SENTINEL/)
  }
  const odd = [
    '',
    '[]',
    'profiles: 3',
    'profiles: { default: null }',
    'profiles: { default: { api_key: 3 } }',
  ]
  for (const text of odd)
    t.equal(await findCredential(null, production, look({ profiles: text }).readers), null, text)
  for (const text of ['[]', 'null', '{"access_token": ""}', '{"access_token": 3}'])
    t.equal(await findCredential(null, production, look({ token: text }).readers), null, text)
})

t.test(
  'reads a login anew before it is renewed, and writes it as the platform’s own client does',
  async t => {
    const text = token.replace('{', '{"refresh_token":"r1","user_id":"u1",')
    const { readers, kept } = look({ token: text })
    const renewal = (await findCredential(null, production, readers))?.renewal
    const session = await renewal?.read()
    t.match(session, { userId: 'u1', userEmail: 'a@b', expiresAt: now + 1_000 })
    if (session === null || session === undefined) throw new Error('no login')
    await renewal?.keep({ ...session, accessToken: new Secret('flux_fresh'), expiresAt: now + 3_600_000 })
    t.same(kept, [
      `{
  "access_token": "flux_fresh",
  "refresh_token": "r1",
  "expires_at": "2024-01-22T13:00:00.000+00:00",
  "user_id": "u1",
  "user_email": "a@b"
}`,
    ])
  },
)
