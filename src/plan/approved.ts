import { type Change, type Plan, type Retiring, isPruning } from '../model/change.ts'
import { canonicalChange, canonicalText } from './canonical.ts'

/** What a plan file says about the plan that somebody approved. Nothing of it is carried out: it is only compared with. */
export interface ApprovedPlan {
  readonly changes: readonly {
    readonly kind: string
    readonly keyId: string
    readonly live?: { readonly id: string }
  }[]
  readonly retiring: readonly {
    readonly live: { readonly id: string }
    readonly wait: { readonly code: string }
  }[]
}

/** The key ids that a plan touches, sorted. */
export function touchedKeys({ changes }: Pick<ApprovedPlan, 'changes'>): readonly string[] {
  return [...new Set(changes.map(({ keyId }) => keyId))].sort()
}

const useWaits: readonly string[] = [
  'in-use',
  'usage-unknown',
  'predecessor-alive',
] satisfies readonly Retiring['wait']['code'][]

/** The live keys that only their use keeps from being revoked. */
function heldByUse({ retiring }: Pick<ApprovedPlan, 'retiring'>): ReadonlySet<string> {
  return new Set(retiring.filter(({ wait }) => useWaits.includes(wait.code)).map(({ live }) => live.id))
}

function isRevocationOf(held: ReadonlySet<string>): (change: ApprovedPlan['changes'][number]) => boolean {
  return ({ kind, live }) => kind === 'revoke' && live !== undefined && held.has(live.id)
}

/**
 * What of the plan as it would be now was approved, and the key ids for which it is another one, which are held back, and with them
 * the pruning of what nothing declares. Use is not compared: a key that came into use is left out, and so is the revocation of one
 * that went out of use, which nobody approved.
 */
export function compareWithApproved(
  approved: ApprovedPlan,
  fresh: Plan,
): { readonly changes: readonly Change[]; readonly stale: readonly string[] } {
  const cameIntoUse = isRevocationOf(heldByUse(fresh))
  const wentOutOfUse = isRevocationOf(heldByUse(approved))
  const touched = new Set(touchedKeys(approved))
  const changes = fresh.changes.filter(change => touched.has(change.keyId) && !wentOutOfUse(change))
  const still = approved.changes.filter(change => !cameIntoUse(change))
  const texts = (list: ApprovedPlan['changes'], keyId: string) =>
    canonicalText(
      list
        .filter(change => change.keyId === keyId)
        .map(canonicalChange)
        .sort(),
    )
  const stale = touchedKeys(approved).filter(keyId => texts(still, keyId) !== texts(changes, keyId))
  const isStale = ({ keyId }: Change) => stale.includes(keyId)
  const waits = (change: Change) => isStale(change) || (stale.length > 0 && isPruning(change))
  return { changes: changes.filter(change => !waits(change)), stale }
}
