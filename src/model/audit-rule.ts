export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** How bad one is next to another: above zero where `a` is worse. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b)
}

/** What a rule has to see: the configuration alone, the live keys too, or a key's usage, which costs a request a key. */
export type RuleNeeds = 'declaration' | 'live' | 'usage'

export interface RuleInfo {
  /** Where the policy says nothing else. */
  readonly severity: Severity
  readonly needs: RuleNeeds
  /** One line, without a full stop. */
  readonly title: string
}

/** The built-in rules. Ids never change: policies, exceptions and baselines name them. */
export const auditRules = {
  'unused-permission': { severity: 'medium', needs: 'usage', title: 'A permission that nobody used' },
  'unused-project': { severity: 'medium', needs: 'usage', title: 'A project in scope that nobody touched' },
  'wildcard-permission': { severity: 'high', needs: 'declaration', title: 'All permissions at once' },
  'all-projects': { severity: 'low', needs: 'declaration', title: 'A scope of all projects' },
  'no-expiry': { severity: 'high', needs: 'declaration', title: 'A key that never expires' },
  'lifetime-too-long': { severity: 'medium', needs: 'declaration', title: 'A life beyond the maximum' },
  'permission-not-allowed': {
    severity: 'high',
    needs: 'declaration',
    title: 'A permission that the policy does not allow in this environment',
  },
  'past-max-age': { severity: 'high', needs: 'live', title: 'A secret older than its maximum age' },
  'rotation-overdue': {
    severity: 'medium',
    needs: 'live',
    title: 'A rotation that is due, and was not done for three days',
  },
  'expiring-soon': {
    severity: 'medium',
    needs: 'live',
    title: 'A key that ends soon, and nothing renews it',
  },
  'end-not-as-declared': {
    severity: 'high',
    needs: 'live',
    title: 'An end that differs from its declaration, and that apply may not write',
  },
  'unused-key': { severity: 'medium', needs: 'live', title: 'A key that nobody used for long' },
  'never-used-key': { severity: 'medium', needs: 'live', title: 'A key that nobody ever used' },
  'unmanaged-key': { severity: 'medium', needs: 'live', title: 'A live key that nothing declares' },
  'undelivered-secret': { severity: 'high', needs: 'live', title: 'A secret that is not in all its stores' },
  'stale-secret': { severity: 'high', needs: 'live', title: 'Stores that hold a dead secret' },
  'retired-key-in-use': { severity: 'medium', needs: 'live', title: 'A superseded key that is still used' },
  'can-manage-keys': { severity: 'high', needs: 'declaration', title: 'A key that can make keys' },
  'missing-owner': { severity: 'low', needs: 'declaration', title: 'A key without an owner' },
  'missing-description': { severity: 'info', needs: 'declaration', title: 'A key without a description' },
  'environment-mismatch': {
    severity: 'medium',
    needs: 'declaration',
    title: 'A name or prefix that contradicts the environment',
  },
  'shared-key': { severity: 'medium', needs: 'usage', title: 'One key used from many addresses' },
  'unknown-consumer': {
    severity: 'high',
    needs: 'usage',
    title: 'A use that no declared consumer can have made',
  },
  'silent-consumer': {
    severity: 'low',
    needs: 'usage',
    title: 'A declared consumer that was not seen for long',
  },
  'grant-ended': {
    severity: 'medium',
    needs: 'declaration',
    title: 'A temporary permission or project past its end',
  },
  'exception-expired': { severity: 'high', needs: 'declaration', title: 'An exception past its end' },
  'exception-unmatched': { severity: 'low', needs: 'declaration', title: 'An exception that nothing needs' },
  'usage-unavailable': { severity: 'info', needs: 'usage', title: 'Usage that could not be looked at' },
} as const satisfies Readonly<Record<string, RuleInfo>>

export type BuiltInRule = keyof typeof auditRules

export const builtInRules = Object.keys(auditRules) as readonly BuiltInRule[]

export function isBuiltInRule(id: string): id is BuiltInRule {
  return Object.hasOwn(auditRules, id)
}
