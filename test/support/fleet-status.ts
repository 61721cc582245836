import { day, minute } from '../../src/model/duration.ts'
import type { FleetStackStatus, FleetState, FleetStatus } from '../../src/model/fleet-status.ts'
import { fleetStates } from '../../src/model/fleet-status.ts'

export const sampleNow = Date.UTC(2026, 10, 22, 12, 30)

export function sampleStack(
  name: string,
  state: FleetState,
  more: Partial<FleetStackStatus> = {},
): FleetStackStatus {
  return {
    ...{ name, origin: 'https://api.fluxloop.ai', stack: name, account: 'acme', mode: 'apply', state },
    ...{ since: sampleNow - 2 * day, failures: 0, problem: null, exitCode: 0, holder: null },
    ...{ lastRun: sampleNow - 12 * minute, nextRun: sampleNow + 3 * minute },
    nextEvent: { event: 'rotation', at: sampleNow + 9 * day },
    ...more,
  }
}

export function statusOf(...stacks: readonly FleetStackStatus[]): FleetStatus {
  const total = (state: FleetState) => stacks.filter(stack => stack.state === state).length
  return {
    at: sampleNow,
    totals: Object.fromEntries(fleetStates.map(state => [state, total(state)])) as Record<FleetState, number>,
    stacks,
    credentials: [
      {
        ...{ credential: '3f9a01bc', account: 'acme', remaining: 512, capacity: 1_000, resetsAt: null },
        used: { leaked: 0, heal: 2, create: 0, rotate: 14, plan: 40 },
      },
    ],
  }
}

/** A stack in each state, the worst first. */
export const sampleStatus: FleetStatus = statusOf(
  sampleStack('acme/billing', 'failing', {
    failures: 3,
    exitCode: 4,
    problem: 'Cannot reach https://api.fluxloop.ai: the name of its host was not found',
    nextRun: sampleNow - minute,
  }),
  sampleStack('acme/a-rather-long-name-of-a-stack-that-somebody-chose', 'drifted', {
    problem: '2 keys to update',
    mode: 'plan',
  }),
  sampleStack('fresh', 'new', { lastRun: null, nextEvent: null, exitCode: null }),
  sampleStack('web', 'in-sync', {
    holder: { command: 'apply', host: 'build-3', since: sampleNow - 2 * minute },
  }),
)
