import type { Change, Plan } from '../model/change.ts'
import type { Report } from '../model/outcome.ts'
import { permissionsBeyond } from '../model/permission.ts'
import { reachesBeyond } from '../model/scope.ts'
import { type Patch, isPatch, isProvision, isRevocation } from '../model/verb.ts'
import { admitting } from './admission.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { Undelivered } from './make-key.ts'
import { patch } from './patch.ts'
import { withReadyStores } from './probe.ts'
import { provision } from './provision.ts'
import { renameFirst } from './rename-first.ts'
import { revokeApproved } from './revoke.ts'
import type { Run } from './run.ts'

/**
 * Makes the platform and the stores what the plan says, the calling key last, and then, where nothing before failed,
 * revokes. Every change of the plan gets an outcome; this rejects only on defects.
 */
export async function executePlan(plan: Plan, run: Run): Promise<Report> {
  const ledger = admitting(openLedger(plan, run), run)
  const changes = await withReadyStores(plan.changes, ledger, run)
  const isOwn = ({ keyId }: Change) => keyId === plan.callingKeyId

  const others = changes.filter(change => !isOwn(change))
  await provisionAndPatch(others, ledger, run)
  const successors = await provisionAndPatch(changes.filter(isOwn), ledger, run)
  for (const successor of successors) goOnAs(successor, run)

  await revokeApproved(changes.filter(isRevocation), ledger, run)
  return ledger.report()
}

/** Carries out all changes but revocations: renames, then provisions, then patches. Resolves to the keys that were made and delivered. */
async function provisionAndPatch(
  planned: readonly Change[],
  whole: Ledger,
  run: Run,
): Promise<readonly Undelivered[]> {
  const { changes, ledger } = await renameFirst(planned, whole, run)
  const { delivered, marked, revoked } = await provision(changes.filter(isProvision), ledger, run)
  for (const { kind, step } of patchSteps) {
    const those = changes.filter(isPatch).filter(change => change.kind === kind)
    const work = async (change: Patch) => {
      const { id: liveId } = change.live
      if (revoked.has(liveId)) {
        ledger.done(change, { action: 'revoked', liveId, places: [], removed: [] })
        return
      }
      const patched = await ledger.begin(change, step, () => patch(change, marked, run))
      if (patched !== null) ledger.done(change, patched.done)
    }
    await Promise.all(those.map(work))
  }
  return delivered
}

/** One after the other: what is taken over, what changes, what is given up. */
const patchSteps: readonly { readonly kind: Patch['kind']; readonly step: string }[] = [
  { kind: 'adopt', step: 'adopting' },
  { kind: 'update', step: 'updating' },
  { kind: 'release', step: 'releasing' },
]

/** Calls with the calling key's successor from now on, unless that may do less: the predecessor works for its grace. */
function goOnAs({ live, secret }: Undelivered, { caller: { key }, platform }: Run): void {
  if (key === null) return
  const doesLess =
    permissionsBeyond(key.permissions, live.permissions).length > 0 || reachesBeyond(key.scope, live.scope)
  if (!doesLess) platform.actAs(secret, live)
}
