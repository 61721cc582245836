import { Failure } from '../../model/failure.ts'
import { type LiveKey, sameButUse } from '../../model/live-key.ts'
import type { PlatformClient } from '../../platform/types.ts'

/**
 * Writes to a key as it was seen. Where its version moved, one fresh look: it goes on where only its use did, and leaves
 * alone what somebody else changed. `isDone` recognises our own write whose answer was lost.
 */
export async function writeAsSeen<Answer>(
  seen: LiveKey,
  client: Pick<PlatformClient, 'get'>,
  write: (version: string | null) => Promise<Answer>,
  isDone: (fresh: LiveKey) => Answer | null,
): Promise<Answer> {
  try {
    return await write(seen.version)
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'conflict') throw cause
    const fresh = await client.get(seen.id)
    const done = isDone(fresh)
    if (done !== null) return done
    if (sameButUse(fresh, seen)) return await write(fresh.version)
    throw new Failure('conflict', `${seen.id} (${seen.name}) was changed by someone else in the meantime`, {
      hints: [
        `Nothing was overwritten. Look at it with fluxloop-keys apikeys show ${seen.id}, and run this again.`,
      ],
      cause,
    })
  }
}
