import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { retirement } from '../plan/planned-patch.ts'
import { keyIfThere } from './look.ts'
import { atPatch } from './markers.ts'
import type { Run } from './run.ts'
import { patchMarked } from './write.ts'

/** What became of keys next to those that were provisioned. */
export interface Others {
  /** Keys that this run marked, as leaked or as retiring, by id, as they are since then. */
  readonly marked: Map<string, LiveKey>
  /** The ids of keys that this run revoked. */
  readonly revoked: Set<string>
  /** By key id the pending key that nobody received, and that is revoked once its successor is made. */
  readonly unreceived: Map<string, LiveKey>
}

/** What was revoked meanwhile retires no more. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  return await work.catch((cause: unknown) => {
    if (cause instanceof Failure && cause.code === 'not-found') return null
    throw cause
  })
}

/**
 * Names its successor to each predecessor, the head last, before any store gets the new secret: so that each key tells its own
 * story, and of two runs one gives way. Resolves to the keys as they are then.
 */
export async function retirePredecessors(
  successor: LiveKey,
  predecessors: readonly LiveKey[],
  desired: DesiredKey,
  run: Run,
): Promise<readonly LiveKey[]> {
  const retired: LiveKey[] = []
  let isGone = false
  for (const live of predecessors) {
    const note = retirement(successor.id, desired, run.desired)(atPatch(live, run))
    const now = await unlessGone(patchMarked(live, {}, note, run))
    if (now === null) isGone = true
    else retired.push(now)
  }
  if (isGone) await requireLiving(successor, run)
  return retired
}

/**
 * Revokes what nobody received, once its successor is made. Until then it stays: where only retiring keys are left and what they name is
 * gone, the next run waits, since a list may lack the successor.
 */
export async function revokeUnreceived(
  keyId: string,
  { revoked, unreceived }: Others,
  { platform }: Run,
): Promise<void> {
  const live = unreceived.get(keyId)
  if (live === undefined) return
  // Where somebody finished or used it meanwhile, it stays.
  await platform.revoke(live.id, { ifMatch: live.version })
  revoked.add(live.id)
}

/** Whoever revoked a predecessor may have revoked its successor, too: a dead secret must not take the place of one that works. */
async function requireLiving({ id, name }: LiveKey, run: Run): Promise<void> {
  if ((await keyIfThere(id, run)) !== null) return
  throw new Failure('conflict', `Another run revoked ${id} (${name}) before its secret was in any store.`, {
    hints: ['Run plan again once that run is over.'],
  })
}
