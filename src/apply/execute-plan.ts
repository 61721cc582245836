import pLimit from 'p-limit'
import type { Change, Plan } from '../model/change.ts'
import type { Report } from '../model/outcome.ts'
import { permissionsBeyond } from '../model/permission.ts'
import { reachesBeyond } from '../model/scope.ts'
import type { Undelivered } from './issue.ts'
import { openLedger } from './ledger.ts'
import { makeAsPlanned } from './make.ts'
import { withReadyStores } from './probe.ts'
import { revokeApproved } from './revoke.ts'
import type { Run } from './run.ts'
import type { Limit } from './wave.ts'

/**
 * Makes the platform and the stores what the plan says, the calling key last, and then, where nothing before failed,
 * revokes. Every change of the plan gets an outcome; this rejects only on defects.
 */
export async function executePlan(plan: Plan, run: Run): Promise<Report> {
  const ledger = openLedger(plan, run)
  const limit: Limit = pLimit(run.parallelism)
  const changes = await withReadyStores(plan.changes, ledger, run)
  const isOwn = ({ keyId }: Change) => keyId === plan.callingKeyId

  await makeAsPlanned(
    changes.filter(change => !isOwn(change)),
    ledger,
    limit,
    run,
  )
  const successors = await makeAsPlanned(changes.filter(isOwn), ledger, limit, run)
  for (const successor of successors) goOnAs(successor, run)

  const revocations = changes.filter(change => change.kind === 'revoke')
  await revokeApproved(revocations, ledger, limit, run)
  return ledger.report()
}

/** Calls with the calling key's successor from now on, unless that may do less: the predecessor works for its grace. */
function goOnAs({ live, secret }: Undelivered, { caller: { key }, platform }: Run): void {
  if (key === null) return
  const doesLess =
    permissionsBeyond(key.permissions, live.permissions).length > 0 || reachesBeyond(key.scope, live.scope)
  if (!doesLess) platform.actAs(secret, live)
}
