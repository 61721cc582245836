import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Listing } from '../platform/types.ts'
import type { Run } from './run.ts'

/** How long to wait before each further look at something that should change by itself soon. */
export const pauses: readonly Milliseconds[] = [second / 4, second / 2, second, 2 * second, 4 * second]

/** Null where the key is gone: revoked, or unknown to the platform. */
export async function keyIfThere(id: string, { platform }: Pick<Run, 'platform'>): Promise<LiveKey | null> {
  const live = await platform.get(id).catch((cause: unknown) => {
    if (cause instanceof Failure && cause.code === 'not-found') return null
    throw cause
  })
  return live === null || live.status === 'revoked' ? null : live
}

/**
 * Lists the keys once they show these new ones. A list may lag behind a create, so it is looked at again, with pauses, as long as
 * one that it lacks is there when it is asked for by its id.
 */
export async function listWithNewKeys(ids: readonly string[], run: Run): Promise<Listing> {
  let listing = await run.platform.list()
  for (const pause of pauses) {
    const missing = ids.find(id => !listing.keys.some(key => key.id === id))
    if (missing === undefined || !listing.complete) return listing
    if ((await keyIfThere(missing, run)) === null) return listing
    await run.pause(pause)
    listing = await run.platform.list()
  }
  return listing
}
