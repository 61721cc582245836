import pLimit from 'p-limit'
import type { Change, Deliver, Heal, Plan, Update } from '../model/change.ts'
import type { Report } from '../model/outcome.ts'
import { type Done, type Ledger, openLedger } from './ledger.ts'
import { markerOf, updatedMarker } from './markers.ts'
import { heal, redeliver } from './recover.ts'
import { revokeApproved } from './revoke.ts'
import type { Run } from './run.ts'
import { withReadyStores } from './probe.ts'
import { narrow, patchAsSeen, patchMarked, patchOf } from './update.ts'
import { type Limit, type NewGeneration, issueInWaves } from './wave.ts'

/**
 * Makes the platform and the stores what the plan says: recover what an earlier run left, create and rotate, update, and
 * last, where nothing before failed, revoke. Every change of the plan gets an outcome; this rejects only on defects.
 */
export async function executePlan(plan: Plan, run: Run): Promise<Report> {
  const ledger = openLedger(plan, run)
  const limit: Limit = pLimit(run.parallelism)
  const changes = await withReadyStores(plan.changes, ledger, run)

  const unrecovered = await recoverAll(changes, ledger, limit, run)
  const generations = [...changes.flatMap(plannedGeneration), ...unrecovered]
  const delivered = await issueInWaves(generations, ledger, limit, run)
  await narrowReplaced([...delivered.keys()], ledger, limit, run)

  const updates = changes.filter(change => change.kind === 'update')
  await Promise.all(updates.map(change => limit(() => updateOne(change, ledger, run))))

  const revocations = changes.filter(change => change.kind === 'revoke')
  await revokeApproved(revocations, ledger, limit, run)
  return ledger.report()
}

function plannedGeneration(change: Change): readonly NewGeneration[] {
  if (change.kind !== 'create' && change.kind !== 'rotate') return []
  const { desired, generation } = change
  return [{ change, desired, generation, action: change.kind === 'create' ? 'created' : 'rotated' }]
}

/** Resolves to what could not be recovered and needs a new generation. */
async function recoverAll(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<readonly NewGeneration[]> {
  const broken = changes.filter(change => change.kind === 'heal' || change.kind === 'deliver')
  const left = await Promise.all(broken.map(change => limit(() => recoverOne(change, ledger, run))))
  return left.filter(one => one !== null)
}

async function recoverOne(change: Heal | Deliver, ledger: Ledger, run: Run): Promise<NewGeneration | null> {
  const work = (): Promise<Done | null> =>
    change.kind === 'heal' ? heal(change, run) : redeliver(change, run)
  const tried = await ledger.begin(change, 'recovering', async () => ({ done: await work() }))
  if (tried === null) return null
  if (tried.done !== null) {
    ledger.done(change, tried.done)
    return null
  }
  const { desired, generation } = change
  const action = change.kind === 'heal' ? 'healed' : 'rotated'
  return generation === null ? null : { change, desired, generation, action }
}

/** A head that was to be delivered again and had to be replaced is superseded now, and narrowed as every superseded key is. */
async function narrowReplaced(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<void> {
  const replaced = changes.filter(
    change => change.kind === 'deliver' && !change.rotates,
  ) as readonly Deliver[]
  await Promise.all(
    replaced.map(change =>
      limit(async () => {
        await ledger.goOn(change, 'narrowing', () => narrow(change.live, change.desired, run))
      }),
    ),
  )
}

async function updateOne(change: Update, ledger: Ledger, run: Run): Promise<void> {
  const { live, desired, fields, superseded } = change
  const updated = await ledger.begin(change, 'updating', async () => {
    run.checkpoint('before-update')
    const patch = patchOf(fields)
    const answer = superseded
      ? await patchAsSeen(live, patch, run)
      : await patchMarked(live, patch, desired.description, updatedMarker(markerOf(live), desired), run)
    run.checkpoint('after-update')
    return answer
  })
  if (updated !== null) ledger.done(change, { action: 'updated', liveId: live.id, places: [] })
}
