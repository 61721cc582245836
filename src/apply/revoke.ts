import { type Plan, type Revoke, type RotationReason, isPruning } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isRevocation } from '../model/verb.ts'
import { computePlan } from '../plan/compute-plan.ts'
import type { Ledger } from './ledger.ts'
import { keyIfThere } from './look.ts'
import type { Run } from './run.ts'

/**
 * Revokes what was approved and what a plan of this very moment would revoke as well: never more than was approved, and
 * nothing that came into use, or lost its successor, since.
 */
export async function revokeApproved(approved: readonly Revoke[], ledger: Ledger, run: Run): Promise<void> {
  const undone = ledger.undone()
  // A failure holds back the revocations of its own key id, and all pruning: what nothing declares may be what it lacks.
  const waits = (change: Revoke) => undone.has(change.keyId) || (undone.size > 0 && isPruning(change))
  for (const change of approved.filter(waits))
    ledger.record({ change, status: 'skipped', why: 'earlier-failure' })
  const ready = approved.filter(change => !waits(change))
  if (ready.length === 0) return
  const look = lookAgain(run)
  look.catch(() => undefined)
  await Promise.all(
    lineagesOf(ready).map(async changes => {
      let failed = false
      for (const change of changes) {
        if (failed && !run.stopping.aborted) {
          ledger.record({ change, status: 'skipped', why: 'earlier-failure' })
          continue
        }
        const tried = await ledger.begin(change, 'revoking', async () => {
          await revokeOne(change, await look, ledger, run)
          return true
        })
        failed = tried === null
      }
    }),
  )
}

/** The last of the plan first, but predecessors before their successors, one by one: what is left after a kill has a head that still works. */
function lineagesOf(approved: readonly Revoke[]): readonly (readonly Revoke[])[] {
  const keyIds = new Set(approved.map(({ keyId }) => keyId))
  return [...keyIds]
    .reverse()
    .map(keyId =>
      approved.filter(change => change.keyId === keyId).sort((a, b) => a.generation - b.generation),
    )
}

interface FreshLook {
  readonly keys: readonly LiveKey[]
  readonly plan: Plan
}

async function lookAgain(run: Run): Promise<FreshLook> {
  const { keys, now, complete, doubts } = await run.platform.list()
  const current = { keys, complete, doubts, caller: run.caller, projects: null }
  return { keys, plan: computePlan(run.desired, current, now, { ...run.options, rotate: new Map() }) }
}

/** A list may lack a key that is there: only the key itself can tell that it is gone. */
async function requireGone({ id, name }: LiveKey, run: Run): Promise<void> {
  if ((await keyIfThere(id, run)) === null) return
  throw new Failure('failed', `${id} (${name}) is not in the list of keys any more, and yet it is there.`, {
    hints: ['It was not revoked, since nobody could see its use. Run the same command again.'],
  })
}

/** This run makes nothing any more, so where a key id has no head by now, its predecessors stay. */
function leadsAnew({ changes }: Plan, { keyId }: Revoke): boolean {
  const isHeadless = ({ code }: RotationReason) => code === 'head-lost' || code === 'several-heads'
  return changes.some(
    change => change.keyId === keyId && change.kind === 'rotate' && change.reasons.some(isHeadless),
  )
}

async function revokeOne(change: Revoke, { keys, plan }: FreshLook, ledger: Ledger, run: Run): Promise<void> {
  const done = { action: 'revoked', liveId: change.live.id, places: [], removed: [] } as const
  const live = keys.find(({ id }) => id === change.live.id)
  if (live === undefined) {
    await requireGone(change.live, run)
    ledger.done(change, done)
    return
  }
  const waiting = plan.retiring.find(({ live: { id } }) => id === live.id)
  if (waiting !== undefined && waiting.wait.code !== 'over-limit' && waiting.wait.code !== 'key-held') {
    ledger.record({ change, status: 'held', lastUse: live.lastUse })
    return
  }
  const isAgreed = plan.changes.some(other => isRevocation(other) && other.live.id === live.id)
  if (!isAgreed || leadsAnew(plan, change)) {
    throw new Failure(
      'conflict',
      `${live.id} (${live.name}) is no longer to be revoked: something changed meanwhile.`,
      {
        hints: ['Run plan again to see what it is like now.'],
      },
    )
  }
  await run.platform.revoke(live.id, { ifMatch: live.version })
  ledger.done(change, done)
}
