import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { createStores, type Stores } from '../../src/stores/open.ts'
import { failed } from '../support/failed.ts'
import { keyringHome } from '../support/keyring.ts'
import { needs } from '../support/needs.ts'

const session = 'test/support/keychain-session.ts'
const helper = { command: process.execPath, args: ['dist/keychain-helper.js'] }
const spec: StoreSpec = { kind: 'keychain', service: 'fluxloop-test', account: 'acme/ci', fallback: null }

interface Failed {
  readonly message: string
  readonly hints: readonly string[]
}

function keyringPrograms(t: Parameters<typeof needs>[0]): boolean {
  return ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool'].every(program => needs(t, program))
}

t.test('puts a secret where secret-tool finds it, and reads what secret-tool stored', async t => {
  if (!keyringPrograms(t)) return
  const home = await keyringHome()
  t.teardown(() => home.remove())
  t.strictSame(JSON.parse(await home.run('unlocked', session, ['full', 'acme/ci'])), {
    before: null,
    place: 'keychain fluxloop-test/acme/ci',
    seen: 'flux_ci_stored',
    byHand: 'flux_ci_by-hand',
    after: null,
    gone: '',
    probeLeft: '',
  })
})

t.test(
  'says what to do, and takes nothing for absent, where the keyring is locked or was never made',
  async t => {
    if (!keyringPrograms(t)) return
    const home = await keyringHome()
    t.teardown(() => home.remove())
    const never = JSON.parse(await home.run('as found', session, ['fail', 'acme/ci'])) as Record<
      string,
      Failed | null
    >
    await home.run('unlocked', session, ['put', 'acme/ci'])
    const locked = JSON.parse(await home.run('as found', session, ['fail', 'acme/ci'])) as typeof never
    const other = JSON.parse(await home.run('as found', session, ['fail', 'acme/absent'])) as typeof never
    for (const result of [never, locked, other]) {
      for (const step of ['probe', 'put', 'get']) {
        t.match(result[step], {
          message: /locked, or was never set up/,
          hints: [/Unlock it/, /fallback/, /another store/],
        })
      }
    }
  },
)

t.test('uses the fallback where the keychain is locked, and the newer secret once it is back', async t => {
  if (!keyringPrograms(t)) return
  const home = await keyringHome()
  const folder = await mkdtemp(join(tmpdir(), 'fallback-'))
  t.teardown(() => Promise.all([home.remove(), rm(folder, { recursive: true })]))
  const path = join(folder, '.env')
  const args = ['acme/ci', path]
  await home.run('unlocked', session, ['put', ...args])
  await home.run('unlocked', session, ['put', ...args])
  t.strictSame(JSON.parse(await home.run('as found', session, ['put', ...args])), {
    place: `env-file ${path} (FLUXLOOP_API_KEY), the fallback: the keychain is locked`,
    seen: '',
    got: 'flux_ci_new',
  })
  await writeFile(path, 'FLUXLOOP_API_KEY=flux_ci_newer\nOTHER=1\n')
  t.strictSame(JSON.parse(await home.run('unlocked', session, ['get', ...args])), { got: 'flux_ci_newer' })
  t.strictSame(JSON.parse(await home.run('unlocked', session, ['put', ...args])), {
    place: 'keychain fluxloop-test/acme/ci',
    seen: 'flux_ci_new',
    got: 'flux_ci_new',
  })
  t.equal(await readFile(path, 'utf8'), 'OTHER=1\n', 'no copy stays in the fallback')
})

t.test('says what to do where there is no D-Bus session', async t => {
  if (process.platform !== 'linux') return
  const stores = createStores({ env: { PATH: process.env['PATH'], HOME: tmpdir() }, keychainHelper: helper })
  t.teardown(() => stores.close())
  const failure = (await stores.probe([spec])).get(spec)
  t.match(failure, {
    code: 'failed',
    message: /no keychain service here/,
    hints: [/gnome-keyring/, /fallback/, /env-file/],
  })
  await failed(stores.open(spec).put(new Secret('flux_ci_sentinel')))
})

t.test('names both troubles where the fallback fails too', async t => {
  const stores = standIn('process.exit(3)')
  t.teardown(() => stores.close())
  const path = join(tmpdir(), 'no-such-identity')
  const fallback: StoreSpec = {
    kind: 'age-file',
    declaredIn: '/srv',
    path: `${path}.age`,
    recipients: [],
    identity: path,
    shared: false,
  }
  const failure = await failed(stores.open({ ...spec, fallback }).probe())
  t.match(failure.message, /keychain helper failed, and the fallback fails: There is no age identity at/)
  t.match(failure.hints.join(), /age-keygen -o/)
})

t.test('kills a helper that hangs, with its children, and starts a new one for the next request', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'hang-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const pids = join(folder, 'pids')
  const script = 'echo $$ >>"$0"; sleep 1000 & echo $! >>"$0"; wait'
  const stores = createStores({
    env: { PATH: process.env['PATH'] },
    keychainHelper: { command: 'sh', args: ['-c', script, pids] },
    timeoutMs: 1_000,
  })
  const store = stores.open(spec)
  const [first, second] = await Promise.all([failed(store.get()), failed(store.get())])
  t.match(first, { message: /did not answer in time/, hints: [/answer its prompt/, /fallback/] })
  t.match(second.message, /did not answer in time/, 'who waits in line fails with it')
  await failed(store.put(new Secret('flux_ci_x')))
  await stores.close()
  const lines = (await readFile(pids, 'utf8')).trim().split('\n')
  t.equal(lines.length, 4, 'one helper for the line, one for the next request')
  for (const pid of lines) await gone(Number(pid))
})

t.test(
  'fails without a word of the secret where the helper answers nonsense, dies or cannot start',
  async t => {
    const echo = `process.stdin.on('data', chunk => process.stdout.write(chunk.toString().replace('"id"', '"no"')))`
    const nowhere = createStores({ env: {}, keychainHelper: { command: '/nowhere/at-all', args: [] } })
    for (const stores of [standIn(echo), standIn('process.exit(1)'), nowhere]) {
      const failure = await failed(stores.open(spec).put(new Secret('flux_ci_sentinel')))
      t.match(failure.message, /helper process ended/)
      await stores.close()
    }
  },
)

t.test('shows the helper neither our credential nor a secret, but on its standard input', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'environment-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const file = join(folder, 'seen')
  const look = `require('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.env, process.argv]))
    process.stdin.once('data', () => process.exit())`
  const env = {
    ...process.env,
    FLUXLOOP_API_KEY: 'flux_ci_caller',
    NODE_OPTIONS: '--no-warnings',
    DBUS_X: 'bus',
  }
  const stores = createStores({ env, keychainHelper: { command: process.execPath, args: ['-e', look] } })
  await failed(stores.open(spec).put(new Secret('flux_ci_sentinel')))
  const seen = await readFile(file, 'utf8')
  t.notMatch(seen, /flux_ci_|FLUXLOOP|no-warnings/)
  t.match(seen, /"DBUS_X":"bus"/)
})

/** Stores whose helper has a binding of ours in the place of the system's. */
async function overBinding(t: Test, failure = '') {
  const folder = await mkdtemp(join(tmpdir(), 'binding-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const file = join(folder, 'entries.json')
  await writeFile(file, '{}')
  const args = ['--import=./test/support/keyring-binding.mjs', ...helper.args]
  const stores = createStores({
    env: { PATH: process.env['PATH'] },
    keychainHelper: {
      command: 'env',
      args: [`KEYRING_FILE=${file}`, `KEYRING_FAILURE=${failure}`, process.execPath, ...args],
    },
  })
  t.teardown(() => stores.close())
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as unknown
  return {
    store: stores.open(spec),
    stores,
    file,
    entries: () => read(file),
    opened: () => readFile(`${file}.opened`, 'utf8'),
  }
}

t.test('asks the binding for one entry by service and account, whatever the system behind it', async t => {
  const { store, entries, opened } = await overBinding(t)
  const secret = new Secret('flux_ci_sentinel')
  await store.probe()
  t.strictSame(await entries(), {}, 'the probe leaves nothing')
  t.equal(await store.get(), null)
  t.equal(await store.put(secret), 'keychain fluxloop-test/acme/ci')
  t.strictSame(await entries(), { 'fluxloop-test/acme/ci': 'flux_ci_sentinel' })
  t.ok((await store.get())?.equals(secret))
  await store.remove()
  await store.remove()
  t.strictSame(await entries(), {}, 'what is gone may be removed again')
  const seen = (await opened())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as readonly unknown[])
  t.ok(seen.every(([, , options]) => JSON.stringify(options) === '{"linux":{"store":"secret-service"}}'))
})

t.test('overwrites keys and its own logins, and no entry of another application', async t => {
  const { store, stores, file, entries } = await overBinding(t)
  const secret = new Secret('flux_ci_sentinel')
  const login = { kind: 'keychain', service: 'fluxloop-keys', account: 'default', fallback: null } as const
  const before = {
    'fluxloop-test/acme/ci': 'a password of a browser',
    'fluxloop-keys/default': '{"key":"x"}',
  }
  await writeFile(file, JSON.stringify(before))
  const failure = await failed(store.put(secret))
  t.match(failure, {
    code: 'refused',
    message: /fluxloop-test\/acme\/ci holds something that is not an API key/,
  })
  t.notMatch(JSON.stringify([failure.message, failure.hints]), 'browser')
  t.strictSame(await entries(), before)
  await stores.open(login).put(secret)
  for (const older of ['flux_ci_older', 'flx_api_older']) {
    await writeFile(file, JSON.stringify({ ...before, 'fluxloop-test/acme/ci': older }))
    await store.put(secret)
    t.match(await entries(), { 'fluxloop-test/acme/ci': 'flux_ci_sentinel' }, older)
  }
})

/** Texts of the binding on macOS and Windows: keyring-rs's own words around those of the system. */
const foreign: readonly (readonly [string, RegExp])[] = [
  ["Couldn't access platform secure storage: User interaction is not allowed.", /locked/],
  ['Platform secure storage failure: User canceled the operation.', /locked/],
  [
    "Couldn't access platform secure storage: The user name or passphrase you entered is not correct.",
    /refused/,
  ],
  ["Couldn't access platform secure storage: Windows ERROR_NO_SUCH_LOGON_SESSION", /refused/],
  ["Attribute 'password encoded as UTF-16' is longer than platform limit of 2560 chars", /refused/],
  ["Entry is matched by 2 credentials: [Cred { password: 'flux_ci_sentinel' }]", /more than one entry/],
  ["Cannot find module '@napi-rs/keyring-darwin-arm64'", /could not be loaded on this platform/],
]

t.test('says in its own words what the bindings of macOS and Windows say', async t => {
  for (const [text, message] of foreign) {
    const { store } = await overBinding(t, text)
    for (const attempt of [store.probe(), store.get(), store.put(new Secret('flux_ci_sentinel'))]) {
      const failure = await failed(attempt)
      t.match(failure.message, message, text)
      t.notMatch(JSON.stringify([failure.message, failure.hints]), /sentinel|D-Bus/)
    }
  }
})

/** Stores whose keychain helper is a stand-in, written for `node -e`. */
function standIn(script: string): Stores {
  return createStores({
    env: { PATH: process.env['PATH'] },
    keychainHelper: { command: process.execPath, args: ['-e', script] },
  })
}

/** Resolves once the process is gone; tap's own time limit is the only one. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = execFileSync('sh', ['-c', `ps -o stat= -p ${pid} || true`]).toString()
    if (state === '' || state.startsWith('Z')) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
