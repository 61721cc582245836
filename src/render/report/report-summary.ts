import type { Outcome, Report } from '../../model/outcome.ts'

type Action = Extract<Outcome, { readonly status: 'done' }>['action']

interface OutcomeCounts {
  readonly actions: Readonly<Record<Action, number>>
  readonly done: number
  readonly failed: number
  readonly skipped: number
  readonly held: number
}

export function countOutcomes({ outcomes }: Report): OutcomeCounts {
  const actions = {
    created: 0,
    adopted: 0,
    updated: 0,
    rotated: 0,
    healed: 0,
    delivered: 0,
    released: 0,
    revoked: 0,
  }
  const statuses = { done: 0, failed: 0, skipped: 0, held: 0 }
  for (const outcome of outcomes) {
    statuses[outcome.status] += 1
    if (outcome.status === 'done') actions[outcome.action] += 1
  }
  return { actions, ...statuses }
}
