import type { LiveKey } from '../../model/live-key.ts'
import type { SeenUse } from '../../model/consumer.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { identityCheck } from '../../model/operation.ts'
import { useOf } from '../../lifecycle/last-use.ts'

/** What a key was used for, as far as one look tells: an operation in a project, that many times. */
export interface ObservedAct {
  /** Null where the platform does not join operations and projects: then there is one entry for each project too. */
  readonly operation: string | null
  /** Null: about no project, or not known. */
  readonly project: string | null
  readonly requests: number
}

/**
 * Everything that was done, without the question who a key is: this program asks that itself with every secret that it makes, and nothing
 * tells its own questions from others'.
 */
export function actsOf({
  byOperation,
  byProject,
  byOperationAndProject,
}: ObservedUsage): readonly ObservedAct[] {
  const acts = [...byOperation].flatMap(([operation, requests]): ObservedAct[] => {
    if (operation === identityCheck) return []
    const projects = [...(byOperationAndProject?.get(operation) ?? [])]
    const rest = requests - projects.reduce((sum, [, count]) => sum + count, 0)
    return [
      ...projects.map(([project, count]) => ({ operation, project, requests: count })),
      { operation, project: null, requests: rest },
    ]
  })
  const projects: ObservedAct[] =
    byOperationAndProject === null
      ? [...byProject].map(([project, requests]) => ({ operation: null, project, requests }))
      : []
  return [...acts, ...projects].filter(({ requests }) => requests > 0)
}

/** How many requests may have been this program's own. */
export function ownRequests({ byOperation }: ObservedUsage): number {
  return byOperation.get(identityCheck) ?? 0
}

/** The last use of each key, where that was somebody's and not our own look. */
export function lastUses(keys: readonly LiveKey[]): readonly SeenUse[] {
  return keys.flatMap((live): SeenUse[] => {
    const use = useOf(live)
    if (use.kind !== 'used' || !live.lastUse.known) return []
    const { ip, userAgent } = live.lastUse
    return [{ liveId: live.id, at: use.at, ip, userAgent }]
  })
}
