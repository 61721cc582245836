import type { Context } from '../../context.ts'
import type { Instant } from '../../model/duration.ts'
import { day } from '../../model/duration.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { type OpenFleet, openFleetToLook, tellFleetAway } from '../fleet/open-fleet.ts'
import { type Looks, type LooksOf, lookFromJson, lookToJson, readLooks, writeLooks } from './usage-cache.ts'

/** Where looks at the use of keys are remembered: on this machine, or for a whole fleet. */
export interface UsageShelf {
  read(of: LooksOf): Promise<Looks>
  /** `before`: what was read. Never rejects: what is not remembered costs requests, and nothing else. */
  write(of: LooksOf, looks: Looks, before: Looks, now: Instant): Promise<void>
  close(): Promise<void>
}

/** The database keeps looks for as long as the fleet says; nobody asks for older ones. */
const oldest = 400 * day

/** What follows where the fleet cannot be asked. */
const withoutFleet = 'what it remembers of the use of keys is left out'

const dayOf = (at: Instant) => new Date(at).toISOString().slice(0, 10)

function total({ byDay }: ObservedUsage): number {
  return [...byDay.values()].reduce((sum, count) => sum + count, 0)
}

function shelfOfFleet(fleet: OpenFleet, context: Context): UsageShelf {
  const { database } = fleet
  const remembered = async (of: LooksOf) => {
    try {
      return await database.readUsage(of, dayOf(context.now() - oldest))
    } catch (cause) {
      tellFleetAway(cause, withoutFleet, context)
      return []
    }
  }
  return {
    read: async of => {
      const looks: Looks = new Map()
      for (const { liveId, body } of await remembered(of)) {
        const look = lookFromJson(body)
        if (look !== null) looks.set(liveId, [...(looks.get(liveId) ?? []), look])
      }
      return looks
    },
    write: async (of, looks, before) => {
      const fresh = [...looks].flatMap(([liveId, each]) => {
        const look = each.at(-1)
        if (look === undefined || before.get(liveId) === each) return []
        return [{ liveId, day: dayOf(look.to), requests: total(look), body: lookToJson(look) }]
      })
      await database.recordUsage(of, fresh).catch(() => undefined)
    },
    close: () => fleet.close().catch(() => undefined),
  }
}

/** The shelf of the fleet that the environment names, else, or where that cannot be asked, which is said, that of this machine. */
export async function openUsageShelf(context: Context): Promise<UsageShelf> {
  const fleet = await openFleetToLook(context, withoutFleet)
  if (fleet !== null) return shelfOfFleet(fleet, context)
  const cache = await context.cache()
  return {
    read: of => readLooks(cache, of),
    write: (of, looks, _before, now) => writeLooks(cache, of, looks, now),
    close: () => Promise.resolve(),
  }
}
