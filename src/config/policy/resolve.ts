import type { AuditPolicy, EnvironmentLimits, OwnRule } from '../../model/audit-policy.ts'
import { isBuiltInRule } from '../../model/audit-rule.ts'
import type { DesiredState } from '../../model/desired.ts'
import { parseDuration } from '../../model/duration.ts'
import { environments } from '../../model/environment.ts'
import { type Located, type Report, diagnosticFor, valuePosition } from '../parts.ts'
import type { RawOwnRule, RawPolicy } from '../raw.ts'

/** Of all policies, the last that says something of a property. */
function nearest<Name extends keyof RawPolicy>(
  policies: readonly Located<RawPolicy>[],
  name: Name,
): RawPolicy[Name] | undefined {
  return policies.findLast(({ value }) => value[name] !== undefined)?.value[name]
}

function resolveEnvironments(policies: readonly Located<RawPolicy>[]): AuditPolicy['environments'] {
  const resolved = environments.flatMap(name => {
    const said = policies.flatMap(({ value }) => value.environments?.[name] ?? [])
    if (said.length === 0) return []
    const { maxLifetime, allow, deny } = Object.assign({}, ...said) as (typeof said)[number]
    const limits: EnvironmentLimits = {
      maxLifetime: maxLifetime === undefined ? null : parseDuration(maxLifetime),
      allow: allow ?? null,
      deny: deny ?? [],
    }
    return [[name, limits] as const]
  })
  return Object.fromEntries(resolved)
}

function toOwnRule(id: string, at: Located<RawOwnRule>): OwnRule {
  const { when, message, severity, remedy = null, tests = [] } = at.value
  const place = (path: readonly (string | number)[]) =>
    valuePosition({ part: at.part, path: [...at.path, ...path] })
  return {
    id,
    severity,
    when,
    message,
    remedy,
    tests: tests.map(({ name, desired = {}, key = {}, usage = {}, now = null, finds }, index) => ({
      name,
      facts: { desired, key, usage, now },
      finds,
      position: place(['tests', index]),
    })),
    position: place(['when']),
  }
}

/** By id: who is nearer has the word. */
function ownRules(
  policies: readonly Located<RawPolicy>[],
  report: Report,
): ReadonlyMap<string, Located<RawOwnRule>> {
  const found = new Map<string, Located<RawOwnRule>>()
  for (const { value, part, path } of policies) {
    for (const [id, rule] of Object.entries(value.rules ?? {})) {
      const at = { value: rule, part, path: [...path, 'rules', id] }
      if (isBuiltInRule(id)) {
        const message = `"${id}" is a built-in rule`
        const hint = 'Give yours another name; how bad the built-in one is stands under `policy.severity`.'
        report(diagnosticFor(at, { code: 'rule-taken', message, hint, onKey: true }))
      } else found.set(id, at)
    }
  }
  return found
}

/**
 * One policy out of several, of which each goes over those before it: severities by rule, limits by environment and property, own rules
 * by id, everything else as a whole. The library for expressions is loaded only where there is one.
 */
export async function resolvePolicy(
  policies: readonly Located<RawPolicy>[],
  report: Report,
): Promise<DesiredState['policy']> {
  const found = ownRules(policies, report)
  const rules = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, at]) => ({ rule: toOwnRule(id, at), at }))
  if (rules.length > 0) {
    const { checkOwnRule } = await import('../own-rules/check-own-rules.ts')
    for (const { rule, at } of rules) checkOwnRule(rule, at, report)
  }
  return {
    forbid: nearest(policies, 'forbid') ?? [],
    breakGlass: (nearest(policies, 'breakGlass') ?? []).map(({ maxFor, ...rule }) => ({
      ...rule,
      maxFor: parseDuration(maxFor) ?? 0,
    })),
    audit: {
      severities: Object.assign(
        {},
        ...policies.map(({ value }) => value.severity ?? {}),
      ) as AuditPolicy['severities'],
      failOn: nearest(policies, 'failOn') ?? null,
      environments: resolveEnvironments(policies),
      rules: rules.map(({ rule }) => rule),
    },
  }
}
