import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { CurrentState } from '../plan/input.ts'
import { doubtsAfter } from '../platform/find-doubts.ts'
import { isMissing } from '../platform/missing-call.ts'
import { requireDescriptions } from '../platform/manageable.ts'
import type { Listing, Project, Whoami } from '../platform/types.ts'

/** What gathering asks of the platform. */
export interface GatherPlatform {
  list(): Promise<Listing>
  whoami(): Promise<Whoami>
  projects(): Promise<readonly Project[]>
}

export interface Gathered {
  readonly current: CurrentState
  /** The server's clock at the listing. */
  readonly now: Instant
}

function namesUnseenProject(desired: DesiredState, { keys }: Listing): boolean {
  const seen = new Set(keys.flatMap(({ scope }) => (scope === 'all' ? [] : scope)))
  return desired.keys.some(
    ({ scope, grants }) =>
      (scope !== 'all' && scope.some(project => !seen.has(project))) ||
      grants.some(({ kind, name }) => kind === 'project' && !seen.has(name)),
  )
}

/** Null where the platform cannot be asked: the platform refuses a wrong one when a key is made. */
async function projectNames(platform: GatherPlatform): Promise<readonly string[] | null> {
  try {
    return (await platform.projects()).map(({ name }) => name)
  } catch (cause) {
    if (isMissing(cause, false)) return null
    throw cause
  }
}

/** Everything a plan needs from the platform: one list, one whoami, and the projects only where a declared one is new. */
export async function gather(desired: DesiredState, platform: GatherPlatform): Promise<Gathered> {
  const listing = await platform.list()
  requireDescriptions(listing)
  // After the list, whose use of the calling key it shows.
  const caller = await platform.whoami()
  const projects = namesUnseenProject(desired, listing) ? await projectNames(platform) : null
  const { keys, complete, now } = listing
  const doubts = doubtsAfter(listing, caller.liveKey)
  return { current: { keys, complete, doubts, caller, projects }, now }
}
