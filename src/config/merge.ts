import { placeText } from './place-text.ts'
import { type Located, type Part, type Report, diagnosticFor, isValidAt, keyPlace } from './parts.ts'
import type { RawDefaults, RawFile, RawKey, RawLimits, RawMarker, RawPolicy, RawPrune } from './raw.ts'

/** All files as one configuration; what is null or missing was declared nowhere, or is wrong and reported. */
export interface Merged {
  readonly stack: Located<string> | null
  readonly formerly: Located<readonly string[]> | null
  readonly defaults: Located<RawDefaults> | null
  readonly prune: Located<RawPrune> | null
  readonly limits: Located<RawLimits> | null
  readonly marker: Located<RawMarker> | null
  readonly policy: Located<RawPolicy> | null
  readonly extends: Located<string | readonly string[]> | null
  readonly roles: ReadonlyMap<string, Located<readonly string[]>>
  readonly keys: ReadonlyMap<string, Located<RawKey>>
  /** The names of roles that exist but whose permissions are wrong: no reason to call them undeclared. */
  readonly brokenRoles: ReadonlySet<string>
}

type Block =
  'stack' | 'formerly' | 'version' | 'defaults' | 'prune' | 'limits' | 'marker' | 'policy' | 'extends'

function blocks<Name extends Block>(parts: readonly Part[], name: Name) {
  return parts.flatMap(part => {
    const value = part.raw[name]
    return value === undefined || !isValidAt(part, [name]) ? [] : [{ value, part, path: [name] }]
  }) as Located<NonNullable<RawFile[Name]>>[]
}

/** A block that may stand in one file only: to merge its properties from several would hide which one counts. */
function single<Name extends Block>(parts: readonly Part[], name: Name, report: Report) {
  const [first, ...others] = blocks(parts, name)
  for (const other of others) {
    if (first === undefined) break
    const place = keyPlace(first)
    const message = `\`${name}\` is also in ${placeText(place)}`
    const hint = 'It may stand in one file only. Put both together.'
    report(diagnosticFor(other, { code: 'conflicting-blocks', message, hint, onKey: true }, [place]))
  }
  return first ?? null
}

/** The stack's name may be repeated, as long as all files agree. */
function agreeing(parts: readonly Part[], report: Report): Located<string> | null {
  const [first, ...others] = blocks(parts, 'stack')
  if (first === undefined) return null
  for (const other of others) {
    if (other.value === first.value) continue
    const place = keyPlace(first)
    const message = `The stack is "${other.value}" here and "${first.value}" in ${placeText(place)}`
    const hint = 'All files of one configuration belong to one stack.'
    report(diagnosticFor(other, { code: 'conflicting-blocks', message, hint }, [place]))
  }
  return first
}

function collect<Value>(
  parts: readonly Part[],
  name: 'roles' | 'keys',
  repeated: (second: Located<Value>, first: Located<Value>, id: string) => void,
) {
  const all = new Map<string, Located<Value>>()
  const broken = new Map<string, Located<Value>>()
  for (const part of parts) {
    const block = part.raw[name] as Readonly<Record<string, Value>> | undefined
    if (block === undefined || part.broken.has('') || part.broken.has(name)) continue
    for (const id of Object.keys(block)) {
      const found: Located<Value> = { value: block[id] as Value, part, path: [name, id] }
      const first = all.get(id) ?? broken.get(id)
      if (first !== undefined) repeated(found, first, id)
      else if (isValidAt(part, found.path)) all.set(id, found)
      else broken.set(id, found)
    }
  }
  return { all, broken: new Set(broken.keys()) }
}

/**
 * Puts the files together. `whole` says that every file could be read: only then is anything reported as missing.
 */
export function mergeParts(parts: readonly Part[], whole: boolean, report: Report): Merged {
  const roles = collect<readonly string[]>(parts, 'roles', (second, first, id) => {
    const place = keyPlace(first)
    const message = `The role "${id}" is also in ${placeText(place)}`
    report(
      diagnosticFor(second, { code: 'duplicate-role', message, hint: 'Keep one of the two.', onKey: true }, [
        place,
      ]),
    )
  })
  const keys = collect<RawKey>(parts, 'keys', (second, first, id) => {
    const place = keyPlace(first)
    const message = `The key "${id}" is also declared in ${placeText(place)}`
    const hint = 'A key has one declaration. Remove one, or give it a key id of its own.'
    report(diagnosticFor(second, { code: 'duplicate-key', message, hint, onKey: true }, [place]))
  })
  const stack = agreeing(parts, report)
  const [first] = parts
  if (whole && first !== undefined) {
    const top = { part: first, path: [] }
    if (stack === null && parts.every(part => isValidAt(part, ['stack']))) {
      const hint = 'Add `stack: NAME`, the namespace of this configuration, such as `stack: acme-agents`.'
      report(diagnosticFor(top, { code: 'missing-stack', message: 'No file names the stack', hint }))
    }
    if (blocks(parts, 'version').length === 0 && parts.every(part => isValidAt(part, ['version']))) {
      const message = 'No file gives the version of its format'
      report(diagnosticFor(top, { code: 'missing-version', message, hint: 'Add `version: 1` at the top.' }))
    }
  }
  return {
    stack,
    formerly: single(parts, 'formerly', report),
    defaults: single(parts, 'defaults', report),
    prune: single(parts, 'prune', report),
    limits: single(parts, 'limits', report),
    marker: single(parts, 'marker', report),
    policy: single(parts, 'policy', report),
    extends: single(parts, 'extends', report),
    roles: roles.all,
    keys: keys.all,
    brokenRoles: roles.broken,
  }
}
