import type { Caller } from './caller.ts'
import type { Milliseconds } from './duration.ts'
import { fitsGlob } from './glob.ts'
import type { Permission } from './permission.ts'

/** Who may give a key more than it declares, in an emergency. Names are patterns with `*` and `?`. */
export interface BreakGlassRule {
  /** Accounts, or names or ids of calling keys. */
  readonly who: readonly string[]
  /** Key ids. */
  readonly keys: readonly string[]
  readonly permissions: readonly Permission[]
  readonly maxFor: Milliseconds
}

/** What somebody asks for. */
export interface BreakGlassRequest {
  readonly keyId: string
  /** Sorted, each once. */
  readonly permissions: readonly Permission[]
  readonly length: Milliseconds
  readonly reason: string
}

export type BreakGlassRefusal = 'no-rule' | 'who' | 'key' | 'permission' | 'too-long'

function isNamed(patterns: readonly string[], { account, key }: Pick<Caller, 'account' | 'key'>): boolean {
  const names = key === null ? [account] : [account, key.name, key.id]
  return patterns.some(pattern => names.some(name => fitsGlob(pattern, name)))
}

/** The rules that speak of a key and grant all of these permissions. */
function rulesFor(
  rules: readonly BreakGlassRule[],
  keyId: string,
  permissions: readonly Permission[],
): readonly BreakGlassRule[] {
  return rules.filter(
    rule =>
      rule.keys.some(pattern => fitsGlob(pattern, keyId)) &&
      permissions.every(each => rule.permissions.includes(each)),
  )
}

/** Why the policy does not let a caller do it; null: it does. One rule has to allow all of it. */
export function refusalOf(
  rules: readonly BreakGlassRule[],
  caller: Pick<Caller, 'account' | 'key'>,
  { keyId, permissions, length }: BreakGlassRequest,
): BreakGlassRefusal | null {
  if (rules.length === 0) return 'no-rule'
  const theirs = rules.filter(({ who }) => isNamed(who, caller))
  if (theirs.length === 0) return 'who'
  if (rulesFor(theirs, keyId, []).length === 0) return 'key'
  const granting = rulesFor(theirs, keyId, permissions)
  if (granting.length === 0) return 'permission'
  return granting.some(({ maxFor }) => length <= maxFor) ? null : 'too-long'
}

/** How long the policy lets anybody give a key these permissions; null: not at all. */
export function longestGrant(
  rules: readonly BreakGlassRule[],
  keyId: string,
  permissions: readonly Permission[],
): Milliseconds | null {
  const lengths = rulesFor(rules, keyId, permissions).map(({ maxFor }) => maxFor)
  return lengths.length === 0 ? null : Math.max(...lengths)
}
