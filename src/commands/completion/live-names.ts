import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { minute, second } from '../../model/duration.ts'
import { shortHash } from '../../model/hash.ts'

/** A live key by what a user may call it. */
export interface LiveName {
  readonly id: string
  readonly name: string
}

interface Kept {
  readonly at: number
  readonly keys: readonly LiveName[]
}

function isName(value: unknown): value is LiveName {
  const { id, name } = (value ?? {}) as Record<string, unknown>
  return typeof id === 'string' && typeof name === 'string'
}

function readKept(text: string | null): Kept | null {
  try {
    const { at, keys } = JSON.parse(text ?? 'null') as Record<string, unknown>
    return typeof at === 'number' && Array.isArray(keys) && keys.every(isName) ? { at, keys } : null
  } catch {
    return null
  }
}

/**
 * The live keys of the first page, from a cache that is a minute old at most. One request a minute, whether it succeeds or
 * not: the time of the try is noted before it. The cache has ids and names and no secret.
 */
export async function liveNames(
  options: Pick<ConnectionOptions, 'apiUrl' | 'staging' | 'profile'>,
  context: Context,
): Promise<readonly LiveName[]> {
  const { url } = await context.endpoint(options)
  // It begins and ends with this process, and nobody else's keys are in it.
  if (url === 'sandbox:') return []
  const cache = await context.cache()
  const file = `live-keys-${shortHash([url, options.profile ?? ''].join('\n'), 8)}.json`
  const kept = readKept(await cache.read(file))
  const now = context.now()
  if (kept !== null && kept.at <= now && now - kept.at < minute) return kept.keys
  const keep = (keys: readonly LiveName[]) => cache.write(file, JSON.stringify({ at: now, keys }))
  const former = kept?.keys ?? []
  // Without a note of this try nothing would stop the next one.
  if (!(await keep(former))) return former
  try {
    const { client } = await context.connect({ ...options, verbose: false, patience: 2 * second })
    const listing = await client.list({ maximumPages: 1 })
    const names = listing.keys
      .filter(({ status }) => status !== 'revoked')
      .map(({ id, name }): LiveName => ({ id, name }))
    await keep(names)
    return names
  } catch {
    return former
  }
}
