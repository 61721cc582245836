import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Lineage } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import type { Listing } from '../platform/types.ts'
import type { Run } from './run.ts'

/** How long to wait before each further look at something that should change by itself soon. */
export const pauses: readonly Milliseconds[] = [second / 4, second / 2, second, 2 * second, 4 * second]

/** Looks until all is as it should be, with longer and longer pauses. Resolves to the last look. */
export async function lookUntil<T>(
  look: () => Promise<T>,
  isDone: (seen: T) => boolean | Promise<boolean>,
  { pause }: Pick<Run, 'pause'>,
): Promise<T> {
  let seen = await look()
  for (const time of pauses) {
    if (await isDone(seen)) return seen
    await pause(time)
    seen = await look()
  }
  return seen
}

/** Null where the key is gone: revoked, or unknown to the platform. */
export async function keyIfThere(id: string, { platform }: Pick<Run, 'platform'>): Promise<LiveKey | null> {
  const live = await platform.get(id).catch((cause: unknown) => {
    if (cause instanceof Failure && cause.code === 'not-found') return null
    throw cause
  })
  return live === null || live.status === 'revoked' ? null : live
}

/** A listing, sorted once for all keys that look into it. */
export interface Seen {
  readonly ids: ReadonlySet<string>
  readonly lineages: ReadonlyMap<string, Lineage>
  /** False where a key may be missing from it. */
  readonly complete: boolean
}

/**
 * Lists the keys once they show these new ones. A list may lag behind a create, so it is looked at again, with pauses, as long as
 * one that it lacks is there when it is asked for by its id.
 */
export async function listWithNewKeys(ids: readonly string[], run: Run): Promise<Seen> {
  const isDone = async ({ keys, complete }: Listing) => {
    const missing = ids.find(id => !keys.some(key => key.id === id))
    return missing === undefined || !complete || (await keyIfThere(missing, run)) === null
  }
  const { keys, now, complete } = await lookUntil(() => run.platform.list(), isDone, run)
  const { lineages } = ownedKeys(run.desired, keys, now)
  return { ids: new Set(keys.map(({ id }) => id)), lineages, complete }
}
