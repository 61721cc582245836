import type { Adopt, Release, Update } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'
import { transition } from '../lifecycle/transitions.ts'
import type { Done } from './ledger.ts'
import { markerOf } from './markers.ts'
import type { Run } from './run.ts'
import { takeOut } from './take-out.ts'
import { patchMarked, patchOf, updateSuperseded } from './update.ts'

/** Changes that are one PATCH each. */

export async function update(
  { live, desired, fields, superseded, removal }: Update,
  run: Run,
): Promise<Done> {
  const { removed, forgotten, trouble } = await takeOut(removal, run)
  if (superseded) await updateSuperseded(live, desired, fields, run)
  else
    await patchMarked(
      live,
      patchOf(fields),
      desired.description,
      transition(markerOf(live), { kind: 'updated', desired, forgotten }),
      run,
    )
  if (trouble !== null) throw trouble
  return { action: 'updated', liveId: live.id, places: [], removed }
}

/** Its secret is not ours to know: nothing but the marker, and the fields that differ, is written. */
export async function adopt({ live, desired, generation, fields }: Adopt, run: Run): Promise<Done> {
  const { stack } = run.desired
  const marker = transition(null, { kind: 'adopted', stack, desired, generation, nonce: run.nonce() })
  await patchMarked(live, patchOf(fields), desired.description, marker, run)
  return { action: 'adopted', liveId: live.id, places: [], removed: [] }
}

export async function release({ live }: Release, run: Run): Promise<Done> {
  const marker = transition(markerOf(live), { kind: 'released', at: run.clock() })
  await patchMarked(live, {}, live.description, marker, run)
  return { action: 'released', liveId: live.id, places: [], removed: [] }
}

/** Says in the marker that others know the secret. */
export async function leak(live: LiveKey, run: Run): Promise<LiveKey> {
  const marker = transition(markerOf(live), { kind: 'leaked' })
  const marked = await patchMarked(live, {}, live.description, marker, run)
  return marked
}
