import type { Context } from '../../context.ts'
import type { Check } from '../../model/checkup.ts'
import type { DesiredState } from '../../model/desired.ts'
import { presetOf, presetPlace } from '../../model/presets/presets.ts'
import { type StoreSpec, storeLabel } from '../../model/store.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { type GitFate, gitFate } from '../../stores/git-fate.ts'
import type { EnvFileSpec } from '../../stores/env-file.ts'
import type { Stores } from '../../stores/open.ts'
import { envFilesOf, otherNameHint, otherNames } from '../../stores/other-name.ts'
import { rehearse } from '../../stores/rehearsal.ts'
import { check, failed } from './check.ts'
import { shellWord } from '../../model/shell-word.ts'

const backends: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'Secret Service (over D-Bus)',
  darwin: 'macOS Keychain',
  win32: 'Windows Credential Manager',
}

/** A store, and the fallback behind it. */
function parts(spec: StoreSpec): readonly StoreSpec[] {
  if (spec.kind !== 'keychain' || spec.fallback === null) return [spec]
  return [{ ...spec, fallback: null }, ...parts(spec.fallback)]
}

/** Where one store works, others with the same text do: another secret of the same repository, say. */
function ground(spec: StoreSpec, stores: Stores): string {
  if (spec.kind === 'exec' && spec.trial !== null) return JSON.stringify(spec.trial)
  if (spec.kind !== 'preset') return stores.open(spec).backend
  const { siblingSetting } = presetOf(spec.preset)
  return JSON.stringify([
    spec.preset,
    presetPlace(spec.preset, spec.settings).filter(([name]) => name !== siblingSetting),
  ])
}

function oneOfEach(specs: readonly StoreSpec[], stores: Stores): readonly StoreSpec[] {
  return [...new Map(specs.map(spec => [ground(spec, stores), spec])).values()]
}

/** The entry is never written: it only names the keychain. Logins are kept there too, so it is tried in any case. */
const anyEntry = {
  kind: 'keychain',
  service: 'fluxloop-keys-doctor',
  account: 'none',
  fallback: null,
} as const

async function checkKeychain(desired: DesiredState | null, stores: Stores, nonce: string): Promise<Check> {
  const backend = backends[process.platform] ?? process.platform
  try {
    await rehearse(anyEntry, stores, nonce)
    return check('keychain', 'ok', [`${backend}: put, get and remove work`], backend)
  } catch (error) {
    const trouble = failed('keychain', error, backend)
    const all = (desired?.keys ?? []).flatMap(({ stores: declared }) => declared.map(({ spec }) => spec))
    const users = all.filter(({ kind }) => kind === 'keychain')
    if (users.some(spec => spec.kind === 'keychain' && spec.fallback === null)) return trouble
    const without =
      users.length === 0
        ? 'no key of this configuration needs it; logins are kept there'
        : 'the fallbacks take its place'
    return { ...trouble, status: 'warning', message: `${trouble.message}; ${without}` }
  }
}

async function checkStore(spec: StoreSpec, stores: Stores, nonce: string): Promise<Check> {
  const label = escapeControls(storeLabel(spec))
  try {
    const tried = await rehearse(spec, stores, nonce)
    if (tried.length > 1) {
      const steps = tried.filter(step => step !== 'probe')
      // A service cannot be tried without a trace of it.
      const trace = spec.kind === 'preset' ? '; the log of the service shows the trial' : ''
      return check('store', 'ok', [`${steps.join(', ')}: they work, next to its own place${trace}`], label)
    }
    return check(
      'store',
      'ok',
      [
        spec.kind === 'exec'
          ? 'ready; nothing was put there: without {key} in `put`, `get` and `remove` that would be the place of a secret'
          : 'ready; nothing was put there, since that would make its folder',
      ],
      label,
    )
  } catch (error) {
    return failed('store', error, label)
  }
}

const fates = {
  tracked: path =>
    check('git', 'failed', [
      'git tracks it, so a secret in it would be committed',
      `Run \`git rm --cached ${shellWord(path)}\` and add it to .gitignore, or name another file.`,
    ]),
  'would-be-added': path =>
    check('git', 'warning', [
      'nothing keeps it out of git: the next `git add` would take it',
      `Add ${path} to .gitignore.`,
    ]),
  ignored: () => check('git', 'ok', ['git ignores it']),
  outside: () => check('git', 'ok', ['it is in no git repository']),
  'other-repository': () =>
    check('git', 'failed', [
      'it is in another git repository than the configuration',
      'Name a file in the repository of the configuration, or in none.',
    ]),
} as const satisfies Record<GitFate, (path: string) => Check>

async function checkEnvFile(spec: EnvFileSpec, env: NodeJS.ProcessEnv): Promise<Check> {
  const subject = escapeControls(spec.path)
  try {
    return { ...fates[await gitFate(spec, env)](subject), subject }
  } catch (error) {
    return failed('git', error, subject)
  }
}

/** The keychain, one store of every other place that the configuration uses, and what git would do with env files. */
export async function checkStores(
  desired: DesiredState | null,
  allowed: readonly string[],
  { env, stores: open, nonce }: Pick<Context, 'env' | 'stores' | 'nonce'>,
): Promise<readonly Check[]> {
  const stores = await open(allowed)
  const declared = (desired?.keys ?? []).flatMap(key => key.stores.flatMap(({ spec }) => parts(spec)))
  await stores.sweep(declared)
  const checks: Check[] = [await checkKeychain(desired, stores, nonce())]
  const others = declared.filter(({ kind }) => kind !== 'keychain')
  for (const spec of oneOfEach(others, stores)) checks.push(await checkStore(spec, stores, nonce()))
  const envFiles = new Map(
    others.flatMap(spec => (spec.kind === 'env-file' ? [[spec.path, spec] as const] : [])),
  )
  for (const other of otherNames(envFilesOf(others))) {
    const message = `it has another value under ${other.stale} than under ${other.written}, which alone is written`
    checks.push(check('store', 'warning', [message, otherNameHint(other)], escapeControls(other.path)))
  }
  for (const path of [...envFiles.keys()].sort()) {
    const spec = envFiles.get(path)
    if (spec !== undefined) checks.push(await checkEnvFile(spec, env))
  }
  return checks
}
