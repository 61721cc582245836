import { join } from 'node:path'
import t from 'tap'
import { runSecretCopy } from '../../src/commands/secret/secret-copy-command.ts'
import { runSecretGet } from '../../src/commands/secret/secret-get-command.ts'
import { Secret } from '../../src/model/secret.ts'
import { type Stores, createStores } from '../../src/stores/open.ts'
import { type TestContextOptions, runToEnd, testContext } from '../support/context.ts'
import { folder } from '../support/failed.ts'
import { asUsersDo, ended, workplace } from '../support/program.ts'
import { openShell } from '../support/shell.ts'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline:
    name: CI/CD Pipeline
    scope: all
    permissions: [read_scenarios]
    store:
      - age-file: { path: sealed.age, recipients: [age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm] }
      - env-file: { path: first.env, name: KEY }
      - env-file: { path: second.env, name: KEY }
  sealed:
    name: Sealed
    scope: all
    permissions: [read_scenarios]
    store: { age-file: { path: other.age, recipients: [age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm] } }
`

const secret = 'flux_ci_0123456789abcdef'

t.test(
  'reads a secret from the first store that has one, and refuses to say it to a terminal unasked',
  async t => {
    const cwd = folder(t)
    const place = await workplace(t)
    await place.write('fluxloop-keys.yaml', configuration)
    const stores: Stores = createStores({ env: place.env, keychainHelper: { command: 'false', args: [] } })
    t.teardown(() => stores.close())
    const put = (path: string, text: string) =>
      stores
        .open({ kind: 'env-file', path: join(place.work, path), name: 'KEY', declaredIn: '/srv' })
        .put(new Secret(text))
    const get = async (key: string, options: TestContextOptions & { readonly reveal?: boolean } = {}) => {
      const { reveal = false, ...rest } = options
      const context = testContext({ cwd: place.work, with: { stores: async () => stores }, ...rest })
      const code = await runToEnd(context, () => runSecretGet({ config: [], key, reveal }, context))
      return { code, out: context.out(), err: context.err() }
    }

    t.match(await get('ci-pipeline'), {
      code: 5,
      out: '',
      err: /no secret of ci-pipeline in[^]*first\.env[^]*apply/,
    })
    await put('second.env', secret)
    t.strictSame(
      await get('ci-pipeline'),
      { code: 0, out: secret, err: '' },
      'a pipe gets the secret and no line feed',
    )
    await put('first.env', `${secret}-first`)
    t.equal((await get('ci-pipeline')).out, `${secret}-first`, 'the order is that of the configuration')

    const terminal = await get('ci-pipeline', { terminal: true })
    t.match(terminal, { code: 2, err: /terminal[^]*--reveal/ })
    t.notMatch(terminal.out + terminal.err, /flux_ci/)
    t.equal((await get('ci-pipeline', { terminal: true, reveal: true })).out, `${secret}-first\n`)

    t.match(await get('ci-pipline'), {
      code: 5,
      out: '',
      err: /declares no key ci-pipline[^]*Did you mean ci-pipeline/,
    })
    t.match(await get('sealed'), { code: 2, out: '', err: /No store of sealed can be read back[^]*identity/ })
    t.match(await get('ci-pipeline', { cwd }), { code: 2, err: /no configuration/ })
  },
)

t.test('takes a store that fails for no proof that there is no secret', async t => {
  const place = await workplace(t)
  await place.write('fluxloop-keys.yaml', configuration.replace('path: first.env', 'path: folder'))
  await place.write('folder/file', '')
  const first = await place.run(['secret', 'get', 'ci-pipeline'])
  t.match(first, { code: 1, stdout: '', stderr: /folder/ })
  await place.write('second.env', `KEY=${secret}\n`)
  t.match(await place.run(['secret', 'get', 'ci-pipeline']), { code: 0, stdout: secret })
})

t.test('needs --reveal at a real terminal, and asks no platform', async t => {
  const place = await workplace(t, { FLUXLOOP_API_URL: 'http://127.0.0.1:9' })
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('first.env', `KEY=${secret}\n`)
  const shell = (...args: readonly string[]) =>
    openShell(t, asUsersDo[0], [...asUsersDo.slice(1), 'secret', 'get', 'ci-pipeline', ...args], {
      cwd: place.work,
      env: place.env,
    })
  const refused = shell()
  t.equal(await refused.ended, 2)
  t.notMatch(refused.seen(), /flux_ci/)
  const shown = shell('--reveal')
  t.equal(await shown.ended, 0)
  t.match(shown.seen(), new RegExp(`^${secret}\\r\\n$`))
  const { stdout } = await ended(asUsersDo[0], [...asUsersDo.slice(1), 'secret', 'get', 'ci-pipeline'], {
    cwd: place.work,
    env: place.env,
  })
  t.equal(stdout, secret)
})

t.test('says which programs of the desktop would not take the secret, and why', async t => {
  const place = await workplace(t)
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('first.env', `KEY=${secret}\n`)
  const stores = createStores({ env: place.env, keychainHelper: { command: 'false', args: [] } })
  t.teardown(() => stores.close())
  for (const [tried, said, hint] of [
    [[], 'wl-copy might keep the secret on a disk', /Set XDG_RUNTIME_DIR[^]*\/run\/user/],
    [['xclip'], 'wl-copy might keep the secret on a disk, and xclip failed', /Set XDG[^]*Install/],
  ] as const) {
    const context = testContext({
      cwd: place.work,
      with: {
        stores: async () => stores,
        copySecret: async () => ({ ok: false, tried, withheld: ['wl-copy'] }),
      },
    })
    const copied = () => runSecretCopy({ config: [], key: 'ci-pipeline', clearAfter: null }, context)
    t.equal(await runToEnd(context, copied), 1)
    t.ok(context.err().includes(`Nothing was copied: ${said}\n`), context.err())
    t.match(context.err(), hint)
    t.notMatch(context.out() + context.err(), /flux_ci/)
  }
})
