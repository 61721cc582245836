import { Failure } from '../model/failure.ts'
import { type LiveKey, endsAgree, visibleEnd, markerOf } from '../model/live-key.ts'
import { transition } from '../lifecycle/transitions.ts'
import { endsRun } from './answers.ts'
import type { Run } from './run.ts'
import { patchMarked } from './write.ts'

/** How often another run may come in between. */
const maximumTries = 5

/** Was the key that we put into stores regenerated since? Then the marker says that they hold our dead secret. */
async function isRecorded(ours: LiveKey, run: Run): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const now = await run.platform.get(ours.id)
    if (now.ownership.kind !== 'managed') return false
    if (endsAgree(visibleEnd(now.maskedKey), visibleEnd(ours.maskedKey))) return false
    try {
      const marker = transition(markerOf(now), { kind: 'overwritten', live: ours, at: run.clock() }, now.id)
      // Another run has its secret: nothing proves it to this one.
      await patchMarked(now, {}, { description: now.description, marker, proven: false }, run)
      return true
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code !== 'conflict' || tries === maximumTries) throw cause
    }
  }
}

/**
 * Works with a key whose secret may have come into stores already. Where that fails and another run regenerated the same key
 * meanwhile, our secret is dead, and may have overwritten the one that works: the marker admits it, whatever the other
 * run has written there or is about to, and the next plan delivers again.
 */
export async function recordingStaleDelivery<T>(
  ours: LiveKey | null,
  run: Run,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (ours === null || !(cause instanceof Failure) || endsRun(cause)) throw cause
    const recorded = await isRecorded(ours, run).catch((trouble: unknown) => {
      if (trouble instanceof Failure) return false
      throw trouble
    })
    if (!recorded) throw cause
    throw new Failure('conflict', `Another run regenerated ${ours.id} (${ours.name}) at the same time.`, {
      hints: ['Its stores may hold a dead secret. Run apply again once that run is over: it delivers anew.'],
      cause,
    })
  }
}
