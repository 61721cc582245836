import type { Change, Plan } from '../../../src/model/change.ts'
import type { Lane } from '../budget/lanes.ts'

function laneOf(change: Change): Lane {
  switch (change.kind) {
    case 'rotate':
      return change.leaked.length > 0 ? 'leaked' : 'rotate'
    case 'heal':
    case 'deliver':
      return 'heal'
    case 'create':
    case 'adopt':
      return 'create'
    case 'update':
    case 'release':
    case 'revoke':
      return 'rotate'
  }
}

const urgency: readonly Lane[] = ['leaked', 'heal', 'create', 'rotate', 'plan']

/** The lane of the most urgent change: a run is one piece of work, and its requests are not told apart. */
export function laneOfPlan({ changes }: Pick<Plan, 'changes'>): Lane {
  const lanes = new Set(changes.map(laneOf))
  return urgency.find(lane => lanes.has(lane)) ?? 'plan'
}
