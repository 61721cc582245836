// A hint is copied into a shell. What a path, which the author of a configuration has chosen, would have the shell do there is in quotes.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { createStores } from '../../src/stores/open.ts'
import { failed, folder } from '../support/failed.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
const secret = new Secret('flux_ci_sentinel')
const command = '$(touch stolen)'

/** What a shell would act on: the hint without what stands in single quotes. */
const acted = (hint: string) => hint.replaceAll(/'[^']*'/g, '')

const envFile = (path: string, declaredIn = dirname(path)): StoreSpec => ({
  kind: 'env-file',
  path,
  name: 'KEY',
  declaredIn,
})
const ageFile = (path: string, identity: string | null): StoreSpec => ({
  kind: 'age-file',
  path,
  identity,
  recipients: [],
  shared: false,
  declaredIn: dirname(path),
})

const put = (spec: StoreSpec): Promise<Failure> => failed(stores.open(spec).put(secret))

t.test('a hint quotes a path, whatever it is about', async t => {
  const root = folder(t)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' })
  git('init')
  const tracked = join(root, `${command}.env`)
  writeFileSync(tracked, '', { mode: 0o600 })
  git('add', '.')
  const open = join(root, `open ${command}.env`)
  writeFileSync(open, '', { mode: 0o644 })
  const elsewhere = join(root, command)
  execFileSync('git', ['init', elsewhere], { stdio: 'ignore' })
  const outside = join(folder(t), command)
  mkdirSync(outside)
  symlinkSync(outside, join(root, 'link'))
  const failures: Readonly<Record<string, Failure>> = {
    'git rm': await put(envFile(tracked)),
    chmod: await put(envFile(open)),
    'a name': await put(envFile(join(root, command))),
    'another repository': await put(envFile(join(elsewhere, '.env'), root)),
    'a link': await put(envFile(join(root, 'link', '.env'), root)),
    'age-keygen': await put(ageFile(join(root, 'ci.age'), join(root, `${command}.txt`))),
  }
  for (const [what, { message, hints }] of Object.entries(failures)) {
    const named = hints.filter(hint => hint.includes(command))
    t.not(named.length, 0, `${what}: ${message} ${hints.join(' ')}`)
    for (const hint of named) t.notMatch(acted(hint), '$(', what)
  }
})

t.test('so does the warning of a file whose name nobody expects', async t => {
  const root = folder(t)
  const store = `{ env-file: { path: 'a${command}', name: KEY } }`
  const key = `{ name: CI, scope: all, permissions: [read_results], expires: 90d, store: ${store} }`
  writeFileSync(join(root, 'fluxloop-keys.yaml'), `version: 1\nstack: acme\nkeys:\n  ci: ${key}\n`)
  const loaded = await loadConfiguration({ paths: [root], cwd: root, now: 0 })
  const warnings = loaded.ok ? loaded.warnings : []
  const hint = warnings.find(({ code }) => code === 'unusual-env-file')?.hint ?? ''
  t.match(hint, command)
  t.notMatch(acted(hint), '$(')
})
