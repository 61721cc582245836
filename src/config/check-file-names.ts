import { hasEnvFileName, isAllowedPath } from '../model/store-path.ts'
import type { StoreSpec } from '../model/store.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { Path } from './read-yaml.ts'
import type { ResolvedKey } from './resolve-key.ts'
import { shellWord } from '../model/shell-word.ts'

/** Warns of env files that only a run with `--allow-path` writes to. */
export function checkFileNames(
  resolved: readonly ResolvedKey[],
  allowed: readonly string[],
  warn: Report,
): void {
  const check = (spec: StoreSpec, at: Located<unknown>, path: Path): void => {
    if (spec.kind === 'keychain' && spec.fallback !== null)
      check(spec.fallback, at, [...path, 'keychain', 'fallback'])
    if (spec.kind !== 'env-file' || hasEnvFileName(spec.path) || isAllowedPath(spec.path, allowed)) return
    const message = `${spec.path} is not called .env, .env.NAME or NAME.env, so apply refuses to write to it`
    const hint = `Use such a name, or give --allow-path ${shellWord(spec.path)}`
    const place = { ...at, path: [...path, 'env-file', 'path'] }
    warn(diagnosticFor(place, { code: 'unusual-env-file', message, hint }))
  }
  for (const { stores } of resolved) for (const { store, at } of stores) check(store.spec, at, at.path)
}
