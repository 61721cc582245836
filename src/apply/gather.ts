import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { CurrentState } from '../plan/input.ts'
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
  return desired.keys.some(({ scope }) => scope !== 'all' && scope.some(project => !seen.has(project)))
}

/** Everything a plan needs from the platform: one list, one whoami, and the projects only where a declared one is new. */
export async function gather(desired: DesiredState, platform: GatherPlatform): Promise<Gathered> {
  const [listing, caller] = await Promise.all([platform.list(), platform.whoami()])
  const projects = namesUnseenProject(desired, listing)
    ? (await platform.projects()).map(({ name }) => name)
    : null
  const { keys, complete, now } = listing
  return { current: { keys, complete, caller, projects }, now }
}
