import type { Instant } from '../../../src/model/duration.ts'
import type { ServedPlatform } from '../../../test/support/served-platform.ts'
import type { Take } from './take-log.ts'

/** One request that changes something, as the platform got it. */
interface Write {
  /** The stack that its key belongs to; null: nobody knows the key. */
  readonly stack: string | null
  readonly key: string
  /** `PATCH /api/api-keys/key_…` */
  readonly request: string
  /** What the run says that it holds; null: nothing. */
  readonly epoch: number | null
  readonly at: Instant
}

export interface WriteLog {
  /** In the order in which they came in. */
  readonly writes: readonly Write[]
  /** Requests that change nothing. */
  readonly reads: number
  /** Called after each write that was answered. */
  onWrite: () => void
}

interface Named {
  readonly name?: string
  readonly api_key?: { readonly id: string }
}

/**
 * Watches what changes at a platform whose clock goes on. Keys are called `STACK NUMBER`. Those that are there already belong to no stack:
 * all that a run asks of the calling key is whether the platform has PATCH.
 */
export async function watchWrites(platform: ServedPlatform): Promise<WriteLog> {
  const others = new Set((await platform.live()).map(({ id }) => id))
  const names = new Map<string, string>()
  const writes: Write[] = []
  const onWrite: () => void = () => undefined
  const log = { writes, reads: 0, onWrite }
  platform.before = async request => {
    platform.now = Date.now()
    if (request.method === 'GET') {
      log.reads += 1
      return null
    }
    const id = /key_\w+/.exec(new URL(request.url).pathname)?.[0] ?? null
    if (id !== null && others.has(id)) return null
    const name = id === null ? (((await request.clone().json()) as Named).name ?? '') : (names.get(id) ?? '')
    const epoch = request.headers.get('fluxloop-keys-epoch')
    const [stack = null] = / /.test(name) ? name.split(' ') : []
    const what = `${request.method} ${new URL(request.url).pathname}`
    writes.push({
      ...{ stack, key: name, request: what, at: Date.now() },
      epoch: epoch === null ? null : Number(epoch),
    })
    const response = await platform.send(request)
    const issued = (await response
      .clone()
      .json()
      .catch(() => ({}))) as Named
    if (issued.api_key !== undefined) names.set(issued.api_key.id, name)
    log.onWrite()
    return response
  }
  return log
}

/**
 * Of a run that lost its lease without knowing it, the platform may still get the one request of each change that was on its way. What
 * else it gets is a fault. Without `takes` somebody else's lease is known by the first write under it alone.
 */
export function epochFaults(
  writes: readonly Write[],
  takes: readonly Take[] = [],
): {
  readonly faults: readonly string[]
  /** Whose writes were on their way as somebody else took over: by their names. */
  readonly late: ReadonlySet<string>
} {
  const newest = new Map<string, number>()
  const late = new Map<string, number>()
  const lateKeys = new Set<string>()
  const faults: string[] = []
  for (const { stack, key, request, epoch, at } of writes) {
    if (stack === null || epoch === null) {
      faults.push(`a write without ${stack === null ? 'a stack' : 'an epoch'}: ${request} ${key}`)
      continue
    }
    const before = newest.get(stack) ?? epoch
    newest.set(stack, Math.max(before, epoch))
    const isTaken = takes.some(take => take.stack === stack && take.epoch > epoch && take.at < at)
    if (epoch >= before && !isTaken) continue
    const change = `${key} in epoch ${epoch}`
    lateKeys.add(key)
    late.set(change, (late.get(change) ?? 0) + 1)
  }
  for (const [change, count] of late) if (count > 1) faults.push(`${count} late writes of ${change}`)
  return { faults, late: lateKeys }
}
