import { inspect } from 'node:util'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { credentialFromEnvironment, missingCredential } from '../../src/platform/credentials.ts'
import { type EndpointOptions, resolveEndpoint } from '../../src/platform/endpoint.ts'

function resolve(
  options: Partial<EndpointOptions> & { readonly files?: Readonly<Record<string, string | Error>> },
): ReturnType<typeof resolveEndpoint> {
  const { files = {}, ...rest } = options
  const readFile = async (path: string) => {
    const content = files[path] ?? Object.assign(new Error('no such file'), { code: 'ENOENT' })
    if (content instanceof Error) throw content
    return content
  }
  const isFolder = async (path: string) => Object.keys(files).some(file => file.startsWith(`${path}/`))
  return resolveEndpoint({
    env: {},
    cwd: '/home/ann/team/agents',
    home: '/home/ann',
    isFolder,
    readFile,
    ...rest,
  })
}

const above = { '/home/ann/team/.fluxloop/project.json': '{"api_url": "https://project.test/"}' }

t.test('takes the first platform that is named, and lets no file override what the caller said', async t => {
  const env = { FLUXLOOP_API_URL: 'https://env.test' }
  const all = { apiUrl: 'https://flag.test/', staging: true, env, files: above }
  const chosenBy = 'caller'
  t.same(await resolve(all), { url: 'https://flag.test', source: '--api-url', chosenBy })
  t.same(await resolve({ ...all, apiUrl: undefined }), {
    url: 'https://env.test',
    source: 'FLUXLOOP_API_URL',
    chosenBy,
  })
  t.same(await resolve({ staging: true, env: { FLUXLOOP_API_URL: ' ' }, files: above }), {
    url: 'https://staging.api.fluxloop.ai',
    source: '--staging',
    chosenBy,
  })
  t.same(await resolve({ files: above }), {
    url: 'https://project.test',
    source: '/home/ann/team/.fluxloop/project.json',
    chosenBy: 'file',
  })
  t.same(await resolve({}), { url: 'https://api.fluxloop.ai', source: 'production', chosenBy })
})

t.test(
  'reads the project file of the nearest .fluxloop folder, and never that of the home folder',
  async t => {
    const near = '/home/ann/team/agents/.fluxloop/project.json'
    t.equal(
      (await resolve({ files: { ...above, [near]: '{"api_url": "https://near.test"}' } })).url,
      'https://near.test',
    )
    const marked = { ...above, [near]: '\uFEFF{"api_url": "https://near.test"}\r\n' }
    t.equal(
      (await resolve({ files: marked })).url,
      'https://near.test',
      'a byte order mark is not part of it',
    )
    t.equal((await resolve({ files: { ...above, [near]: '{"name": "agents"}' } })).source, 'production')
    const empty = { ...above, '/home/ann/team/agents/.fluxloop/context.json': '{}' }
    t.equal((await resolve({ files: empty })).source, 'production', 'a folder without that file decides too')
    const home = '/home/ann/.fluxloop/project.json'
    const aboveHome = '/home/.fluxloop/project.json'
    const both = {
      [home]: '{"api_url": "https://home.test"}',
      [aboveHome]: '{"api_url": "https://above.test"}',
    }
    t.equal((await resolve({ files: both })).source, aboveHome)
    t.equal((await resolve({ files: both, home: null })).source, home)
  },
)

t.test('names the project file that cannot be used', async t => {
  const path = '/home/ann/team/agents/.fluxloop/project.json'
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' })
  for (const content of ['{', '{"api_url": 5}', '{"api_url": "http://plain.test"}', denied]) {
    await t.rejects(resolve({ files: { [path]: content } }), { code: 'usage', message: new RegExp(path) })
  }
})

t.test('takes https, http on this machine, and sandboxes', async t => {
  for (const [given, url] of [
    ['https://api.example.test/fluxloop/', 'https://api.example.test/fluxloop'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://127.8.9.1', 'http://127.8.9.1'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['sandbox:', 'sandbox:'],
    ['sandbox:/tmp/demo.db', 'sandbox:/tmp/demo.db'],
  ]) {
    t.equal((await resolve({ apiUrl: given })).url, url)
  }
})

t.test('refuses every other URL without quoting a password', async t => {
  for (const given of [
    '',
    'api.fluxloop.ai',
    'http://api.fluxloop.ai',
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
    'http://0.0.0.0:80',
    'ftp://api.fluxloop.ai',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://ann:hunter2@api.fluxloop.ai',
    'http://hunter2@evil.test',
    'https://api.fluxloop.ai/?token=hunter2',
    'https://api.fluxloop.ai/#hunter2',
    'https://hunter2 .test:99999',
  ]) {
    const failure: unknown = await resolve({ apiUrl: given }).catch((error: unknown) => error)
    t.ok(failure instanceof Failure && failure.code === 'usage', given)
    t.notMatch(inspect(failure, { depth: 9, showHidden: true }), /hunter2/)
  }
})

t.test('reads the variables of a key in the order of the platform’s own client', async t => {
  const both = { FLUXLOOP_API_KEY: ' flux_ci_pages\n', FLUXLOOP_SYNC_API_KEY: 'flux_ci_client' }
  const rows: readonly (readonly [Record<string, string>, string | null, string | undefined])[] = [
    [both, 'FLUXLOOP_SYNC_API_KEY', 'FLUXLOOP_API_KEY'],
    [{ ...both, FLUXLOOP_API_KEY: 'flux_ci_client' }, 'FLUXLOOP_SYNC_API_KEY', undefined],
    [{ ...both, FLUXLOOP_SYNC_API_KEY: ' ' }, 'FLUXLOOP_API_KEY', undefined],
    [{ ...both, FLUXLOOP_SYNC_API_KEY: 'your-api-key-here' }, 'FLUXLOOP_API_KEY', undefined],
    [{ FLUXLOOP_API_KEY: 'your-api-key-here' }, null, undefined],
    [{}, null, undefined],
  ]
  for (const [environment, name, passedOver] of rows) {
    const found = credentialFromEnvironment(environment)
    t.equal(found?.source ?? null, name === null ? null : `${name} in the environment`)
    t.equal(found?.secret.reveal(), name === null ? undefined : environment[name]?.trim())
    t.equal(found?.passedOver, passedOver, 'the other one, where it holds another key')
  }
})

t.test('refuses a credential that no header can carry, and does not quote it', async t => {
  for (const value of [
    'SENTINEL two',
    'SENTINEL\r\nX-Injected: 1',
    'SENTINEL\u0000',
    'SENTINELé',
    '“SENTINEL”',
  ]) {
    const read = () => credentialFromEnvironment({ FLUXLOOP_API_KEY: value })
    t.throws(read, { code: 'authentication', message: /^FLUXLOOP_API_KEY/ })
    try {
      read()
    } catch (error) {
      t.notMatch(inspect(error, { depth: 9, showHidden: true }), /SENTINEL/)
    }
  }
})

t.test('says what to do where there is no credential', async t => {
  const failure = missingCredential(null)
  t.equal(failure.code, 'authentication')
  t.match(failure.hints.join('\n'), /FLUXLOOP_API_KEY[^]*sandbox:/)
})
