import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
  collectDefaultMetrics,
} from 'prom-client'
import type { Instant, Milliseconds } from '../../../src/model/duration.ts'
import { type FleetState, fleetStates } from '../../../src/model/fleet-status.ts'
import { LabelValues } from './label-values.ts'

/** How a run ended. `changes`: it found what it may not apply. */
export const runOutcomes = [
  'ok',
  'changes',
  'failed',
  'configuration',
  'denied',
  'unreachable',
  'not-found',
  'refused',
  'partial',
  'conflict',
  'interrupted',
] as const
export type RunOutcome = (typeof runOutcomes)[number]

const byExitCode: Readonly<Record<number, RunOutcome>> = {
  0: 'ok',
  2: 'configuration',
  3: 'denied',
  4: 'unreachable',
  5: 'not-found',
  6: 'refused',
  7: 'partial',
  12: 'conflict',
  130: 'interrupted',
}

export function outcomeOf(exitCode: number): RunOutcome {
  return byExitCode[exitCode] ?? 'failed'
}

export const queueStates = ['waiting', 'active', 'retry', 'failed'] as const
export type QueueState = (typeof queueStates)[number]

/** What Prometheus gets to know. Labels end at the stack: none of them ever names a key, a person or a machine. */
export interface Metrics {
  /** How many stacks are in each state, of the whole fleet. */
  stacksByState(counts: Readonly<Record<FleetState, number>>): void
  ranStack(run: {
    readonly stack: string
    readonly mode: 'plan' | 'apply'
    readonly outcome: RunOutcome
    readonly took: Milliseconds
    /** Runs in a row that failed, this one included. */
    readonly failures: number
  }): void
  /** The same figure, as the database knows it: another replica may have run the stack since. */
  failuresInARow(stack: string, failures: number): void
  /** A run began that long after it was due. */
  startedAfter(delay: Milliseconds): void
  requestMade(lane: string, count?: number): void
  /** `credential`: the name of the account, never the hash. */
  budgetLeft(credential: string, remaining: number): void
  lostLease(): void
  queued(counts: Readonly<Record<QueueState, number>>): void
  ticked(at: Instant): void
  /** When the next key of a stack is rotated; null: none will be. */
  rotationDue(stack: string, at: Instant | null): void
  /** It left the fleet file: its series end. */
  forgetStack(stack: string): void
  readonly contentType: string
  render(): Promise<string>
}

const name = (end: string) => `fluxloop_fleet_${end}`

/** A registry of its own, with the figures of the process. Each call makes a new one. */
export function createMetrics(): Metrics {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const gauge = <Label extends string>(end: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: name(end), help, labelNames, registers })
  const counter = <Label extends string>(end: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: name(end), help, labelNames, registers })
  const histogram = (end: string, help: string, buckets: number[]) =>
    new Histogram({ name: name(end), help, buckets, registers })

  const stacks = gauge('stacks', 'Stacks of the fleet, by state.', 'state')
  const runs = counter('runs_total', 'Runs of stacks by this replica.', 'stack', 'mode', 'outcome')
  const runSeconds = histogram(
    'run_seconds',
    'How long a run of a stack took.',
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  )
  const delaySeconds = histogram(
    'start_delay_seconds',
    'How long after its due time a run began.',
    [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600],
  )
  const requests = counter('requests_total', 'Requests to the platform by this replica.', 'lane')
  const budget = gauge('budget_remaining', 'Requests that a credential has left.', 'credential')
  const lost = counter('lease_lost_total', 'Leases that this replica lost while it ran a stack.')
  const jobs = gauge('queue_jobs', 'Jobs in the queue, by state.', 'state')
  const lastTick = gauge('last_tick_timestamp_seconds', 'When this replica last knew of a tick.')
  const failures = gauge('stack_failures', 'Runs of a stack in a row that failed.', 'stack')
  const due = gauge('key_rotation_due_timestamp_seconds', 'When the next key of a stack is rotated.', 'stack')
  const stackLabels = new LabelValues(10_000)
  const credentialLabels = new LabelValues(1_000)
  const laneLabels = new LabelValues(20)

  return {
    stacksByState: counts => {
      for (const state of fleetStates) stacks.set({ state }, counts[state])
    },
    ranStack: ({ stack, mode, outcome, took, failures: inARow }) => {
      const label = stackLabels.of(stack)
      runs.inc({ stack: label, mode, outcome })
      runSeconds.observe(took / 1_000)
      failures.set({ stack: label }, inARow)
    },
    failuresInARow: (stack, count) => failures.set({ stack: stackLabels.of(stack) }, count),
    startedAfter: delay => delaySeconds.observe(Math.max(0, delay) / 1_000),
    requestMade: (lane, count = 1) => requests.inc({ lane: laneLabels.of(lane) }, count),
    budgetLeft: (credential, remaining) =>
      budget.set({ credential: credentialLabels.of(credential) }, remaining),
    lostLease: () => lost.inc(),
    queued: counts => {
      for (const state of queueStates) jobs.set({ state }, counts[state])
    },
    ticked: at => lastTick.set(at / 1_000),
    rotationDue: (stack, at) => {
      const label = stackLabels.of(stack)
      if (at === null) due.remove({ stack: label })
      else due.set({ stack: label }, at / 1_000)
    },
    forgetStack: stack => {
      const label = stackLabels.forget(stack)
      if (label === null) return
      failures.remove({ stack: label })
      due.remove({ stack: label })
      for (const mode of ['plan', 'apply'])
        for (const outcome of runOutcomes) runs.remove({ stack: label, mode, outcome })
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  }
}
