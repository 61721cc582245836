import { type Change, type Retiring, isPruning } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import type { Facts } from './facts.ts'
import { revocationLimit } from './limits.ts'

/** Part of a plan, and what is to be said of it. */
interface Part {
  readonly changes: readonly Change[]
  readonly retiring: readonly Retiring[]
  readonly findings: readonly Finding[]
}

/** The key ids that a finding holds back. A limit holds back revocations alone. */
function heldBy(finding: Finding): readonly string[] {
  if (finding.severity !== 'held' || finding.code === 'limit') return []
  return 'keyIds' in finding ? finding.keyIds : [finding.keyId]
}

export function heldKeyIds(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(findings.flatMap(heldBy))
}

function waiting(changes: readonly Change[], code: 'over-limit' | 'key-held'): readonly Retiring[] {
  return changes.flatMap(change => {
    if (change.kind !== 'revoke') return []
    const { keyId, live, generation, reason } = change
    return [{ keyId, live, generation, reason, wait: { code } }]
  })
}

/**
 * One key's trouble holds back its key id, and all pruning: a key that nothing declares may be the very one that is missed.
 * Everything else stands.
 */
function holdTroubled({ changes, retiring, findings }: Part): Part {
  const held = heldKeyIds(findings)
  if (held.size === 0) return { changes, retiring, findings }
  const own = changes.filter(({ keyId }) => !held.has(keyId))
  const pruned = own.filter(isPruning)
  const keyIds = [...new Set(pruned.map(({ keyId }) => keyId))].sort()
  const withheld: readonly Finding[] =
    keyIds.length === 0 ? [] : [{ severity: 'warning', code: 'prune-withheld', cause: 'key-held', keyIds }]
  return {
    changes: own.filter(change => !isPruning(change)),
    retiring: [...retiring, ...waiting(pruned, 'key-held')],
    findings: [...findings, ...withheld],
  }
}

/** Revocations above the limit wait for somebody who says that they are meant; nothing else does. */
function holdAboveLimit({ changes, retiring, findings }: Part, facts: Facts): Part {
  const limit = revocationLimit(changes, facts)
  if (limit === null) return { changes, retiring, findings }
  const isHeld = (change: Change) => change.kind === 'revoke' && isPruning(change)
  return {
    changes: changes.filter(change => !isHeld(change)),
    retiring: [...retiring, ...waiting(changes.filter(isHeld), 'over-limit')],
    findings: [...findings, limit],
  }
}

/** What of a plan may be done, and what waits and why. */
export function holdBack(part: Part, facts: Facts): Part {
  return holdAboveLimit(holdTroubled(part), facts)
}
