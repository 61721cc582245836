import { Failure } from '../model/failure.ts'
import type { CompiledRule } from '../model/own-rule.ts'
import type { DeclaredKey } from './audited-key.ts'
import type { AuditFacts } from './audit-facts.ts'
import type { Verdict } from './rule.ts'
import { addUsage, usageOf } from './usage-of.ts'
import { usedPermissions } from './used-permissions.ts'

/** Throws a `configuration` Failure where the expression cannot be worked out for this key. */
export function askOwnRule(
  { rule, needs, evaluate }: CompiledRule,
  key: DeclaredKey,
  facts: AuditFacts,
): Verdict {
  const seen = usageOf(key, facts)
  if (needs === 'usage' && !seen.seen) return { unseen: seen.why }
  if (needs !== 'declaration' && key.head === null) return { unseen: 'no-live-key' }
  // A successor of yesterday says little: its predecessors' use is the key's, too.
  const usage = seen.seen ? addUsage(seen.usage) : null
  const unknown = usage === null ? [] : usedPermissions([usage]).unknown
  if (unknown.length > 0 && rule.when.includes('byPermission')) return { unseen: 'unknown-operation' }
  const answer = evaluate({ desired: key.desired, key: key.head, usage, now: facts.now })
  if ('error' in answer) {
    const { file, line, column } = rule.position
    throw new Failure(
      'configuration',
      `The rule ${rule.id} (${file}:${line}:${column}) fails for ${key.desired.keyId}: ${answer.error}`,
      {
        hints: [
          'Give it a test case like this key under `tests`, and try it with `fluxloop-keys audit --test`.',
        ],
      },
    )
  }
  if (!answer.finds) return []
  return [
    {
      message: rule.message,
      evidence: [],
      remedy: rule.remedy ?? `See the rule ${rule.id} of the policy.`,
    },
  ]
}
