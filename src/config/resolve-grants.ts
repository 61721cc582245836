import { type Instant, day, parseDate } from '../model/duration.ts'
import { type Permissions, permissionsBeyond } from '../model/permission.ts'
import { type Scope, reachesBeyond } from '../model/scope.ts'
import type { TemporaryGrant } from '../model/temporary-grant.ts'
import { pathText } from './describe.ts'
import type { KnownLists } from './known-lists.ts'
import { type Located, type Report, diagnosticFor, valuePosition } from './parts.ts'
import type { RawKey, RawTemporaryPermission, RawTemporaryProject } from './raw.ts'

type Entry = string | RawTemporaryPermission | RawTemporaryProject
type List = 'permissions' | 'scope'

const kinds = { permissions: 'permission', scope: 'project' } as const

const lists = ['permissions', 'scope'] as const

/** Nearly every key has none, and shares this. */
const none: readonly TemporaryGrant[] = []

const isText = (entry: Entry): entry is string => typeof entry === 'string'

function nameOf(entry: Entry): string {
  if (typeof entry === 'string') return entry
  return 'permission' in entry ? entry.permission : entry.project
}

/** The last moment of a grant; null where the date is invalid. */
function endOf(at: Located<string>, report: Report): Instant | null {
  const date = parseDate(at.value)
  if (date !== null) return date + day
  const message = `Invalid date "${at.value}"`
  const hint = 'Write year, month and day: 2027-01-31.'
  report(diagnosticFor(at, { code: 'no-such-day', message, hint }))
  return null
}

/** Texts are told apart by the schema's own words, maps by what they grant. False where it reports something. */
function checkRepeats(at: Located<readonly Entry[]>, report: Report): boolean {
  const seen = new Set<string>()
  for (const [index, entry] of at.value.entries()) {
    const name = nameOf(entry)
    if (seen.has(name)) {
      const message = `\`${pathText(at.path)}\` names the same thing twice`
      const place = { ...at, path: [...at.path, index] }
      report(diagnosticFor(place, { code: 'bad-value', message, hint: 'Remove the repeat.' }))
      return false
    }
    seen.add(name)
  }
  return true
}

function grantsOf(at: Located<readonly Entry[]>, kind: TemporaryGrant['kind'], report: Report) {
  return at.value.flatMap((entry, index): (TemporaryGrant & { readonly index: number })[] => {
    if (typeof entry === 'string') return []
    const path = [...at.path, index]
    const until = endOf({ value: entry.until, part: at.part, path: [...path, 'until'] }, report)
    if (until === null) return []
    return [
      {
        kind,
        name: nameOf(entry),
        until,
        reason: entry.reason,
        position: valuePosition({ part: at.part, path }),
        index,
      },
    ]
  })
}

/** A list of nothing but temporary entries would leave the key nothing on the day after. */
function checkRest(at: Located<readonly Entry[]>, list: List, report: Report): void {
  if (at.value.some(entry => typeof entry === 'string')) return
  const kind = kinds[list]
  const message = `Every ${kind} of the key ends, and a key needs one`
  const hint = `Add a ${kind} without \`until\`; a key that ends as a whole has \`expires: DATE\`.`
  report(diagnosticFor(at, { code: 'grant-leaves-nothing', message, hint }))
}

/**
 * The temporary entries of a key's `permissions` and `scope`. `permissions` and `scope`: what it has without them. A day that is past is not an
 * error: the entry grants nothing then, and audit finds it.
 */
export function resolveGrants(
  key: Located<RawKey>,
  { permissions, scope }: { readonly permissions: Permissions; readonly scope: Scope },
  known: KnownLists,
  report: Report,
): readonly TemporaryGrant[] {
  if (known.plain.has(key.value.permissions) && known.plain.has(key.value.scope)) return none
  const isHeld = {
    permissions: (name: string) => permissionsBeyond([name], permissions).length === 0,
    scope: (name: string) => !reachesBeyond([name], scope),
  }
  const all: TemporaryGrant[] = []
  for (const list of lists) {
    const value = key.value[list]
    if (value === 'all') {
      known.plain.add(value)
      continue
    }
    const at: Located<readonly Entry[]> = { value, part: key.part, path: [...key.path, list] }
    const isRight = checkRepeats(at, report)
    if (value.every(isText)) {
      if (isRight) known.plain.add(value)
      continue
    }
    const found = grantsOf(at, kinds[list], report)
    if (found.length > 0) checkRest(at, list, report)
    for (const { index, ...grant } of found) {
      const isWritten = value.some(entry => entry === grant.name)
      if (isHeld[list](grant.name) && !isWritten) {
        const message = `The key has ${grant.name} for good, so this entry would end nothing`
        const hint = 'Remove the entry, or what grants it for good.'
        const place = { ...at, path: [...at.path, index] }
        report(diagnosticFor(place, { code: 'grant-without-effect', message, hint }))
      }
      all.push(grant)
    }
  }
  return all.length === 0 ? none : all
}
