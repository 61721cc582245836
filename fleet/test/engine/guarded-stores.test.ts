import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import type { StoreSpec } from '../../../src/model/store.ts'
import { createStores } from '../../../src/stores/open.ts'
import { guardedStores } from '../../src/engine/guarded-stores.ts'

function program(...line: readonly string[]): StoreSpec {
  const lines = { put: line, get: null, remove: null }
  return { kind: 'exec', ...lines, timeout: 5_000, local: false, trial: lines }
}

const preset: StoreSpec = {
  kind: 'preset',
  preset: 'github-actions',
  settings: { repository: 'a/b', name: 'KEY' },
}
const fallback: StoreSpec = { kind: 'keychain', service: 's', account: 'a', fallback: program('cat') }

function stores(allowed: readonly string[], checkout: string | null = null) {
  const helper = { command: process.execPath, args: ['-e', ''] }
  const opened = createStores({ env: { PATH: process.env['PATH'] }, keychainHelper: helper })
  t.teardown(() => opened.close())
  return guardedStores(opened, { stack: 'agents', programs: allowed, checkout })
}

t.test('runs no program for a stack that the fleet file does not name', async t => {
  for (const [what, spec] of Object.entries({ exec: program('cat'), preset, fallback })) {
    const store = stores(['sh']).open(spec)
    const refusal = { code: 'refused', message: /does not let the stack agents run `(cat|gh)`/ }
    await t.rejects(store.put(new Secret('flux_ci_abcdefghijklmnop')), refusal, `${what}: put`)
    await t.rejects(store.probe(), refusal, `${what}: probe`)
    await t.rejects(store.remove(), refusal, `${what}: remove`)
  }
})

t.test('says so before a key is made, and of those stores alone', async t => {
  const [sealed, listed] = [program('cat'), program('true')]
  const probed = await stores(['true']).probe([sealed, listed])
  t.match(probed.get(sealed), { code: 'refused' })
  t.equal(probed.get(listed), null)
})

t.test('stays as strict where files are allowed by their paths', async t => {
  const store = stores([]).allowing(['/srv/odd-name']).open(program('cat'))
  await t.rejects(store.probe(), { code: 'refused' })
})

t.test('runs what is named', async t => {
  await stores(['cat']).open(program('cat')).put(new Secret('flux_ci_abcdefghijklmnop'))
  t.pass()
})

t.test('puts no secret into a file that the next checkout removes', async t => {
  const envFile = (path: string): StoreSpec => ({
    kind: 'env-file',
    path,
    name: 'KEY',
    declaredIn: '/srv/tree',
  })
  const secret = new Secret('flux_ci_abcdefghijklmnop')
  const refusal = { code: 'refused', message: /which the next commit replaces/ }
  await t.rejects(stores([], '/srv/tree').open(envFile('/srv/tree/a/.env')).put(secret), refusal)
  const probed = await stores([], '/srv/tree').probe([envFile('/srv/tree/.env'), envFile('/srv/tree2/.env')])
  t.strictSame(
    [...probed.values()].map(failure => failure?.code === 'refused'),
    [true, false],
  )
})
