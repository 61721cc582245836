import pLimit from 'p-limit'
import { startOfDay, usageFromLooks, windowStart } from '../../audit/merge-usage.ts'
import { type Instant, day } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { ObservedUsage, UsageFacts, UsageGap } from '../../model/observed-usage.ts'
import { PlatformFailure } from '../../platform/platform-failure.ts'
import type { PlatformClient, Usage } from '../../platform/types.ts'
import type { Looks } from './usage-cache.ts'

/** The platform's own page shows the last 30 days; more is not asked for. */
const longestLook = 30

export interface Gathering {
  /** Live ids, and when each key was made. */
  readonly made: ReadonlyMap<string, Instant>
  readonly client: Pick<PlatformClient, 'usage'>
  /** What was looked at before; new looks are added. */
  readonly looks: Looks
  readonly now: Instant
  readonly windowDays: number
  readonly maximumRequests: number
  readonly parallelism: number
}

/** What one answer says, and of which time. */
export function toLook(usage: Usage, now: Instant, days: number): ObservedUsage {
  const { byDay, byOperation, byProject, byOperationAndProject, addresses } = usage
  return {
    from: startOfDay(now) - (days - 1) * day,
    to: now,
    byDay,
    byOperation,
    byProject,
    byOperationAndProject,
    addresses,
  }
}

/** Keys of which least is known come first: where requests run out, every run sees more of them. */
function byNeed(ids: readonly string[], looks: Looks): readonly string[] {
  const last = (id: string) => looks.get(id)?.at(-1)?.to ?? 0
  return [...ids].sort((a, b) => last(a) - last(b) || (a < b ? -1 : 1))
}

/** The platform answered, though not with figures: what else it says can still be held against the rules. */
function isDown(error: unknown): boolean {
  return error instanceof PlatformFailure && (error.status ?? 0) >= 500
}

/** Why one key has no figures. Null: a wrong credential, a dead network or an interruption, which end the audit. */
function gapOf(error: unknown): UsageGap | null {
  if (!(error instanceof Failure)) return null
  if (error.code === 'rate-limited') return 'budget'
  const isSilent = error.code === 'not-found' || error.code === 'failed' || error.code === 'permission'
  return isSilent || isDown(error) ? 'no-answer' : null
}

/**
 * Usage of live keys over the window: of looks that are at most a day old, and one request for each other key, as far as
 * they go.
 */
export async function gatherUsage(gathering: Gathering): Promise<ReadonlyMap<string, UsageFacts>> {
  const { made, client, looks, now, windowDays, maximumRequests, parallelism } = gathering
  const days = Math.min(windowDays, longestLook)
  const ids = [...made.keys()]
  const known = (id: string) => usageFromLooks(looks.get(id) ?? [], now, windowDays, made.get(id))
  // A look of the last day need not be repeated, though the window may still be longer than all looks together. One that reaches
  // further back than it would now says too much: what it saw may be from before the window.
  const start = windowStart(now, days)
  const isFresh = (id: string) => {
    const newest = looks.get(id)?.at(-1)
    if (newest === undefined) return false
    const { from, to } = newest
    return to > now - day && to <= now && from <= start && from >= start - day
  }
  const usage = new Map<string, UsageFacts>()
  const wanted = byNeed(ids, looks).filter(id => !isFresh(id))
  const asked = wanted.slice(0, maximumRequests)
  for (const id of wanted.slice(maximumRequests))
    usage.set(id, { known: false, gap: 'budget', partial: null })
  const limit = pLimit(parallelism)
  let down = false
  await Promise.all(
    asked.map(id =>
      limit(async () => {
        try {
          if (down) {
            usage.set(id, { known: false, gap: 'no-answer', partial: null })
            return
          }
          const look = toLook(await client.usage(id, days), now, days)
          looks.set(id, [...(looks.get(id) ?? []), look])
        } catch (error) {
          const gap = gapOf(error)
          if (gap === null) throw error
          down ||= isDown(error)
          usage.set(id, { known: false, gap, partial: null })
        }
      }),
    ),
  )
  for (const id of ids) if (!usage.has(id)) usage.set(id, known(id))
  return usage
}
