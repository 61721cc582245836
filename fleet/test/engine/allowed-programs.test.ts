import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import type { StoreSpec } from '../../../src/model/store.ts'
import { createStores } from '../../../src/stores/open.ts'
import { withAllowedPrograms } from '../../src/engine/allowed-programs.ts'

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

function stores(allowed: readonly string[]) {
  const helper = { command: process.execPath, args: ['-e', ''] }
  const opened = createStores({ env: { PATH: process.env['PATH'] }, keychainHelper: helper })
  t.teardown(() => opened.close())
  return withAllowedPrograms(opened, 'agents', allowed)
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
