import { Failure } from '../model/failure.ts'
import { type LiveKey, sameButUse } from '../model/live-key.ts'
import { PlatformFailure } from '../platform/platform-failure.ts'
import type { ApplyPlatform } from './run.ts'

/** One write to a key, and what is to be known of it. */
export interface Write<Answer> {
  readonly send: (version: LiveKey['version']) => Promise<Answer>
  /** Recognises our own write whose answer was lost; null where it was not done. */
  readonly done: (fresh: LiveKey) => Answer | null
  /** Is it worth a look where its answer was lost and there is no version to guard a second try? */
  readonly looksWhenLost: boolean
  /** What to do where somebody else changed the key. */
  readonly next: string
}

/** The write may have been carried out by a try whose answer was lost. */
function mayBeDone(cause: unknown): boolean {
  return cause instanceof PlatformFailure && cause.ambiguous
}

function changedMeanwhile({ id, name }: LiveKey, next: string, cause: unknown): Failure {
  return new Failure('conflict', `${id} (${name}) was changed by someone else in the meantime.`, {
    hints: [`Nothing was overwritten. ${next}`],
    cause,
  })
}

/**
 * Writes to a key as it was seen. Where it may have been done, or its version moved, one fresh look decides whether it is sent a
 * second time: only where nothing but its use changed. After that another look is worth it only where an answer of this second
 * time was lost.
 */
export async function writeAsSeen<Answer>(
  seen: LiveKey,
  write: Write<Answer>,
  platform: Pick<ApplyPlatform, 'get'>,
): Promise<Answer> {
  let { version } = seen
  const needsLook = (cause: unknown) => {
    if (!(cause instanceof Failure)) return false
    return cause.code === 'conflict' || (write.looksWhenLost && version === null && mayBeDone(cause))
  }
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await write.send(version)
    } catch (cause) {
      if (!needsLook(cause) || (!isFirst && !mayBeDone(cause))) throw cause
      const fresh = await platform.get(seen.id)
      const done = write.done(fresh)
      if (done !== null) return done
      if (!sameButUse(fresh, seen)) throw changedMeanwhile(seen, write.next, cause)
      if (!isFirst) throw cause
      version = fresh.version
    }
  }
}
