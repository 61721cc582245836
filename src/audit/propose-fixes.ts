import type { AuditFinding, AuditReport } from '../model/audit.ts'
import { unseenReasons } from '../model/audit.ts'
import { type Milliseconds, day } from '../model/duration.ts'
import type { KeyFix, LeftAlone } from '../model/fix.ts'
import { permissionSet } from '../model/permission.ts'
import {
  type AuditedKey,
  type DeclaredKey,
  auditedKeys,
  environmentOf,
  isHeldByOthers,
  liveKeysOf,
} from './audited-key.ts'
import type { AuditFacts } from './audit-facts.ts'
import { addCounts, total, usageOf } from './usage-of.ts'
import { usedPermissions } from './used-permissions.ts'

const fixable: readonly string[] = [
  'unused-permission',
  'unused-project',
  'wildcard-permission',
  'all-projects',
  'no-expiry',
]

export interface Fixes {
  /** Sorted by key id. */
  readonly fixes: readonly KeyFix[]
  readonly left: readonly LeftAlone[]
}

type Used = { readonly names: readonly string[] } | { readonly why: string }

/** What the key used over the whole window. Nothing at all is not a list, but an unused key. */
function usedBy(key: DeclaredKey, what: 'permissions' | 'projects', facts: AuditFacts): Used {
  const seen = usageOf(key, facts)
  if (!seen.seen) return { why: unseenReasons[seen.why] }
  const { counts, unknown } = usedPermissions(seen.usage)
  if (unknown.length > 0) return { why: unseenReasons['unknown-operation'] }
  const found = what === 'permissions' ? counts : addCounts(seen.usage.map(({ byProject }) => byProject))
  if (total(found) === 0) return { why: `it used no ${what}: see to the unused key instead` }
  return { names: [...found].flatMap(([name, count]) => (count > 0 ? [name] : [])) }
}

function namesAnswered(key: DeclaredKey, rule: string, field: 'permission' | 'project', now: number) {
  return key.desired.exceptions.flatMap(exception => {
    const name = exception[field]
    return exception.rule === rule && exception.until > now && name !== null ? [name] : []
  })
}

function narrowed(
  key: DeclaredKey,
  findings: readonly AuditFinding[],
  what: 'permissions' | 'projects',
  { facts, leave }: { facts: AuditFacts; leave: (rule: string, why: string) => void },
): readonly string[] | null {
  const [unusedRule, everyRule, field] =
    what === 'permissions'
      ? (['unused-permission', 'wildcard-permission', 'permission'] as const)
      : (['unused-project', 'all-projects', 'project'] as const)
  const granted = what === 'permissions' ? key.desired.permissions : key.desired.scope
  if (findings.some(({ rule }) => rule === everyRule)) {
    const used = usedBy(key, what, facts)
    if ('names' in used)
      return [...new Set([...used.names, ...namesAnswered(key, unusedRule, field, facts.now)])].sort()
    leave(everyRule, used.why)
    return null
  }
  const unused = new Set(findings.filter(({ rule }) => rule === unusedRule).map(each => each[field]))
  if (unused.size === 0 || granted === 'all') return null
  const rest = granted.filter(name => !unused.has(name))
  if (rest.length > 0) return rest
  leave(unusedRule, `nothing would be left of its ${what}: see to the key itself`)
  return null
}

/** The policy's longest lifetime, else the configuration's own default, else 90 days. */
function expiryOf(key: DeclaredKey, { desired }: AuditFacts, byDefault: Milliseconds | null): Milliseconds {
  const environment = environmentOf(key)
  const limits = environment === null ? undefined : desired.policy.audit.environments[environment]
  return limits?.maxLifetime ?? byDefault ?? 90 * day
}

/** A period for a key that never expires; none for one whose secret others hold, since apply would end it and not renew it. */
function givenEnd(
  key: DeclaredKey,
  open: readonly AuditFinding[],
  facts: AuditFacts,
  defaultExpiry: Milliseconds | null,
  leave: (rule: string, why: string) => void,
): KeyFix['expires'] {
  if (!open.some(({ rule }) => rule === 'no-expiry')) return null
  if (!isHeldByOthers(key)) return { kind: 'period', length: expiryOf(key, facts, defaultExpiry) }
  const { keyId } = key.desired
  leave(
    'no-expiry',
    `it is adopted: apply would give it an end, and nothing renews it. First fluxloop-keys rotate ${keyId}`,
  )
  return null
}

function unseenOf(report: AuditReport, keys: readonly AuditedKey[]): LeftAlone[] {
  const owners = new Map(
    keys.flatMap(key =>
      key.kind === 'declared' ? liveKeysOf(key).map(({ id }) => [id, key.desired.keyId] as const) : [],
    ),
  )
  return report.notLookedAt.flatMap(({ rules, liveIds, why }) => {
    const ids = new Set(liveIds.map(id => owners.get(id) ?? null))
    const whose = ids.size === 0 ? [null] : [...ids].filter(id => id !== null)
    return rules
      .filter(rule => fixable.includes(rule))
      .flatMap(rule => whose.map(keyId => ({ keyId, rule, why: unseenReasons[why] })))
  })
}

/** By key id, so that nobody looks through all findings for each key. */
function fixableFindings({ findings }: AuditReport): ReadonlyMap<string, readonly AuditFinding[]> {
  const found = new Map<string, AuditFinding[]>()
  for (const finding of findings) {
    const { keyId } = finding.subject
    if (keyId === null || !fixable.includes(finding.rule)) continue
    const own = found.get(keyId)
    if (own === undefined) found.set(keyId, [finding])
    else own.push(finding)
  }
  return found
}

/**
 * What each declared key should be after the findings that usage proves, and what is left alone and why. Missing usage
 * never causes a fix. `defaultExpiry`: a period in `defaults.expires`. Pure.
 */
export function proposeFixes(
  report: AuditReport,
  facts: AuditFacts,
  defaultExpiry: Milliseconds | null,
): Fixes {
  const keys = auditedKeys(facts)
  const left = unseenOf(report, keys)
  const found = fixableFindings(report)
  const fixes = keys.flatMap((key): KeyFix[] => {
    if (key.kind !== 'declared') return []
    const { keyId } = key.desired
    const leave = (rule: string, why: string) => void left.push({ keyId, rule, why })
    const open = (found.get(keyId) ?? []).filter(({ rule, suppressedBy, project }) => {
      if (suppressedBy !== null) leave(rule, `an exception answers for it: ${suppressedBy.reason}`)
      else if (rule === 'unused-permission' && project !== null)
        leave(rule, `a key grants the same in all its projects, ${project} among them`)
      else return true
      return false
    })
    const permissions = narrowed(key, open, 'permissions', { facts, leave })
    const scope = narrowed(key, open, 'projects', { facts, leave })
    const expires = givenEnd(key, open, facts, defaultExpiry, leave)
    if (permissions === null && scope === null && expires === null) return []
    return [{ keyId, permissions: permissions && permissionSet(permissions), scope, expires }]
  })
  const unique = new Map(left.map(each => [JSON.stringify(each), each]))
  return { fixes, left: [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each) }
}
