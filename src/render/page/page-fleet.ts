import { type FleetStackStatus, type FleetStatus, requestLanes } from '../../model/fleet-status.ts'
import type { PageFleet, PageFleetStack } from './page-data.ts'
import type { PageText } from './page-text.ts'

/** More stacks make a page large; the worst come first. */
const mostStacks = 100
const mostEvents = 10

const seconds = (at: number) => Math.floor(at / 1_000)
const secondsOrNull = (at: number | null) => (at === null ? null : seconds(at))

function pageFleetStack(stack: FleetStackStatus, text: PageText): PageFleetStack {
  const { name, state, since, failures, problem, lastRun, nextRun, holder } = stack
  return {
    ...{ name: text(name), state, failures, since: seconds(since) },
    ...{ lastRun: secondsOrNull(lastRun), nextRun: seconds(nextRun) },
    problem: problem === null ? null : text(problem),
    holder: holder === null ? null : text(`${holder.command} on ${holder.host}`),
  }
}

function soonOf(stacks: FleetStatus['stacks'], text: PageText): PageFleet['soon'] {
  return stacks
    .flatMap(({ name, nextEvent }) => (nextEvent === null ? [] : [{ name, ...nextEvent }]))
    .sort((a, b) => a.at - b.at)
    .slice(0, mostEvents)
    .map(({ name, event, at }) => ({ name: text(name), event: text(event), at: seconds(at) }))
}

/** What the page shows of a fleet. */
export function pageFleet({ at, totals, stacks, credentials }: FleetStatus, text: PageText): PageFleet {
  return {
    ...{ at: seconds(at), totals },
    stacks: stacks.slice(0, mostStacks).map(stack => pageFleetStack(stack, text)),
    soon: soonOf(stacks, text),
    credentials: credentials.map(({ credential, account, remaining, capacity, used }) => ({
      name: account === null ? credential : text(account),
      ...{ remaining, capacity },
      used: requestLanes.filter(lane => used[lane] > 0).map(lane => `${lane} ${used[lane]}`),
    })),
  }
}
