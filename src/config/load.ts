import type { DesiredKey, DesiredState, Limits, MarkerSigning } from '../model/desired.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { Instant } from '../model/duration.ts'
import { checkFileNames } from './check-file-names.ts'
import { checkPlaces } from './check-places.ts'
import { checkRecipients } from './check-recipients.ts'
import { checkFormerly, checkRenames } from './check-renames.ts'
import { checkShellVariables } from './check-shell-variables.ts'
import { DiagnosticList } from './diagnostic-list.ts'
import { findFiles, shownPath } from './find-files.ts'
import { knownLists } from './known-lists.ts'
import { mergeParts } from './merge.ts'
import type { Part } from './parts.ts'
import type { Confined } from './policy/locate.ts'
import { resolvePolicy } from './policy/resolve.ts'
import { sharedPolicies } from './policy/shared.ts'
import type { RawLimits, RawMarker } from './raw.ts'
import { readPart } from './read-part.ts'
import { type KeyContext, type ResolvedKey, resolveKey, sharedDefaults } from './resolve-key.ts'
import { resolvePrune, resolveQuiet } from './resolve-lifetime.ts'
import { checkRole } from './resolve-permissions.ts'
import { Room } from './room.ts'
import { fileDiagnostic } from './source.ts'

export type Loaded =
  | { readonly ok: true; readonly desired: DesiredState; readonly warnings: readonly Diagnostic[] }
  /** `omitted`: that many more there are. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly omitted: number }

function share(text: string | undefined): number {
  return text === undefined ? 0.25 : Number(text.slice(0, -1)) / 100
}

function resolveLimits(raw: RawLimits | undefined): Limits {
  return { revoke: share(raw?.revoke), rotate: share(raw?.rotate), always: raw?.always ?? 2 }
}

function resolveMarker(raw: RawMarker | undefined): MarkerSigning | null {
  if (raw === undefined) return null
  return { publicKeys: raw.publicKeys, signingKey: raw.signingKey?.env ?? null }
}

/** Sorted by file and place, each once: a wrong default is wrong for every key that takes it. */
export function tidy(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const unique = new Map(
    diagnostics.map(one => [JSON.stringify([one.file, one.line, one.column, one.code, one.message]), one]),
  )
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return [...unique.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.code, b.code),
  )
}

async function resolveKeys(context: KeyContext, allowed: readonly string[]): Promise<DesiredKey[]> {
  const { merged, report } = context
  for (const role of merged.roles.values()) checkRole(role, report)
  const resolved: ResolvedKey[] = []
  for (const keyId of [...merged.keys.keys()].sort()) {
    const declared = merged.keys.get(keyId)
    const key = declared === undefined ? null : resolveKey(keyId, declared, context)
    if (key !== null) resolved.push(key)
  }
  checkPlaces(resolved, merged.keys, report)
  checkFileNames(resolved, allowed, context.warn)
  checkShellVariables(resolved, merged.keys, report, context.warn)
  await checkRecipients(resolved, report)
  checkRenames(merged.keys, report)
  checkFormerly(merged, report)
  return resolved.map(({ key }) => key)
}

async function filesToRead(paths: readonly string[], cwd: string, instead: ReadonlyMap<string, string>) {
  const found = await findFiles(paths, cwd)
  if (instead.size === 0) return found
  return { ...found, files: [...new Set([...found.files, ...instead.keys()])].sort(), diagnostics: [] }
}

/**
 * Loads the configuration from files, folders and globs; with no `paths`, from `fluxloop-keys.yaml`, `.yml` or the folder
 * `fluxloop-keys/` in `cwd`. Needs no network and no credentials. A date before `now` is an error; null asks nothing of dates,
 * for whoever goes on to a plan, which warns of them by the server's clock and keeps the other keys going. What is wrong
 * comes back as diagnostics, all files' at once, sorted by place; nothing is thrown for it. `instead` has the texts of files, by
 * their absolute paths, as they are to be: they need not be there yet. `allowedPaths`: the env files, by their absolute paths,
 * of which no name is unusual. `confined`: somebody else wrote it, and it names no file outside the repository.
 */
export async function loadConfiguration(options: {
  readonly paths: readonly string[]
  readonly cwd: string
  readonly now: Instant | null
  readonly instead?: ReadonlyMap<string, string>
  readonly allowedPaths?: readonly string[]
  readonly confined?: Confined
}): Promise<Loaded> {
  const { paths, cwd, now, instead = new Map<string, string>(), allowedPaths = [] } = options
  const { confined = null } = options
  const found = await filesToRead(paths, cwd, instead)
  const diagnostics = new DiagnosticList()
  for (const one of found.diagnostics) diagnostics.push(one)
  const warnings = new DiagnosticList()
  const room = new Room()
  const parts: Part[] = []
  for (const file of found.files) {
    const part = await readPart(file, shownPath(file, cwd), instead.get(file), diagnostics, room)
    if (part !== null) parts.push(part)
  }
  const readable = found.diagnostics.length === 0 && parts.length === found.files.length
  const report = (diagnostic: Diagnostic) => {
    diagnostics.push(diagnostic)
  }
  const merged = mergeParts(parts, readable, report)
  const known = (block: string) =>
    readable && parts.every(part => !part.broken.has('') && !part.broken.has(block))
  const shared = await sharedPolicies(merged.extends, {
    cwd,
    boundary: found.boundary,
    room,
    diagnostics,
    confined,
  })
  const policy = await resolvePolicy(
    merged.policy === null ? shared.policies : [...shared.policies, merged.policy],
    report,
  )
  const context: KeyContext = {
    merged,
    shared: sharedDefaults(merged),
    knownEnds: new Map(),
    known: knownLists(),
    rules:
      shared.whole && known('policy') && known('extends')
        ? new Set(policy.audit.rules.map(({ id }) => id))
        : null,
    stack: merged.stack?.value ?? '',
    formerly: merged.formerly?.value ?? [],
    now,
    rolesKnown: known('roles'),
    defaultsKnown: known('defaults'),
    report,
    warn: diagnostic => {
      warnings.push(diagnostic)
    },
  }
  const keys = await resolveKeys(context, allowedPaths)
  const { stack } = merged
  if (diagnostics.kept.length > 0 || stack === null)
    return { ok: false, diagnostics: tidy(diagnostics.kept), omitted: diagnostics.omitted }
  // Said in that many words, it is meant; an empty folder, or a block that was left out, may be a mistake.
  const declaresNothing = keys.length === 0 && parts.some(({ raw }) => raw.keys !== undefined)
  if (keys.length === 0) {
    const message = 'The configuration declares no keys'
    const hint =
      'Add one under `keys`. To release every key of the stack: `keys: {}` and `prune: { removed: retain }`.'
    warnings.push(fileDiagnostic(parts[0]?.source.file ?? '.', 'no-keys', message, hint))
  }
  const quiet = resolveQuiet(merged.defaults?.value.rotate?.quiet)
  const prune = resolvePrune(merged.prune?.value, quiet, { declaresNothing })
  const limits = resolveLimits(merged.limits?.value)
  const marker = resolveMarker(merged.marker?.value)
  return {
    ok: true,
    desired: {
      stack: stack.value,
      formerly: merged.formerly?.value ?? [],
      keys,
      prune,
      limits,
      marker,
      policy,
    },
    warnings: tidy(warnings.kept),
  }
}
