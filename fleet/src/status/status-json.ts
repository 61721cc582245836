import type { FleetStackStatus, FleetStatus } from '../../../src/model/fleet-status.ts'
import { isoTime } from '../../../src/render/text/time.ts'
import { masked } from '../log/masked.ts'

const maskedOrNull = (text: string | null) => (text === null ? null : masked(text))
const timeOrNull = (at: number | null) => (at === null ? null : isoTime(at))

function stackToJson(stack: FleetStackStatus) {
  const { nextEvent, holder } = stack
  return {
    name: masked(stack.name),
    platform: masked(stack.origin),
    stack: masked(stack.stack),
    account: maskedOrNull(stack.account),
    mode: stack.mode,
    state: stack.state,
    since: isoTime(stack.since),
    failures: stack.failures,
    problem: maskedOrNull(stack.problem),
    last_run_at: timeOrNull(stack.lastRun),
    exit_code: stack.exitCode,
    next_run_at: isoTime(stack.nextRun),
    next_event: nextEvent === null ? null : { event: masked(nextEvent.event), at: isoTime(nextEvent.at) },
    holder:
      holder === null
        ? null
        : { command: masked(holder.command), host: masked(holder.host), since: isoTime(holder.since) },
  }
}

/** `fleet status --json`, described in `schemas/status.schema.json`. */
export function statusToJson({ at, totals, stacks, credentials }: FleetStatus) {
  return {
    format_version: '1.0',
    at: isoTime(at),
    totals,
    stacks: stacks.map(stackToJson),
    credentials: credentials.map(({ credential, account, remaining, capacity, resetsAt, used }) => ({
      credential,
      account: maskedOrNull(account),
      remaining,
      capacity,
      resets_at: timeOrNull(resetsAt),
      used_in_last_hour: used,
    })),
  }
}
