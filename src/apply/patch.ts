import type { DesiredKey } from '../model/desired.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Patch } from '../model/verb.ts'
import { type AtPatch, type PlannedPatch, leaked, plannedPatch, renamed } from '../plan/planned-patch.ts'
import type { Done } from './ledger.ts'
import { atPatch } from './markers.ts'
import type { Run } from './run.ts'
import { requireProof } from './still-proven.ts'
import { takeOut } from './take-out.ts'
import { patchAsSeen, patchMarked, patchOf } from './write.ts'

/** A change that was carried out, and its key as it is then. */
export interface Patched {
  readonly done: Done
  readonly live: LiveKey
}

const plannedBy = ({ desired: { stack }, options }: Run) => ({ stack, options })

/** The verb `patch`. `marked`: keys that this run marked before, as they are since then. */
export async function patch(change: Patch, marked: ReadonlyMap<string, LiveKey>, run: Run): Promise<Patched> {
  const live = marked.get(change.live.id) ?? change.live
  const planned = plannedPatch(change, plannedBy(run))
  // The store that it leaves may be the one that proves it.
  if (change.kind === 'update') await requireProof({ ...change, live }, run)
  const { removed, forgotten, trouble } = await takeOut(planned.removal, run)
  const patched = await write(planned, atPatch(live, run, forgotten), run)
  if (trouble !== null) throw trouble
  return { done: { action: planned.action, liveId: live.id, places: [], removed }, live: patched }
}

/** Sends one PATCH. */
async function write(
  { fields, note }: Pick<PlannedPatch, 'fields' | 'note'>,
  then: AtPatch,
  run: Run,
): Promise<LiveKey> {
  const sent = patchOf(fields)
  if (note === null) return await patchAsSeen(then.live, sent, run)
  return await patchMarked(then.live, sent, note(then), run)
}

/** Says in the marker that others know the secret. */
export async function leak(live: LiveKey, keyId: string, run: Run): Promise<LiveKey> {
  return await write({ fields: [], note: leaked(keyId, plannedBy(run)) }, atPatch(live, run), run)
}

/** Takes from a retiring key what its successor's declaration does not grant, as planned. */
export async function narrow(
  live: LiveKey,
  desired: DesiredKey,
  fields: readonly FieldChange[],
  run: Run,
): Promise<void> {
  if (fields.length === 0) return
  await write({ fields, note: renamed({ desired, fields }, plannedBy(run)) }, atPatch(live, run), run)
}
