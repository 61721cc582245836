import { type Instant, type Milliseconds, hour, minute } from '../../../src/model/duration.ts'
import { shortHash } from '../../../src/model/hash.ts'
import type { FleetStack } from '../file/fleet.ts'
import { isInWindow, lastWindow } from './windows.ts'

type Scheduled = Pick<FleetStack, 'name' | 'mode' | 'interval' | 'jitter' | 'windows'>

/** A stack that fails for ever is tried at least this often, or at its own interval where that is longer. */
const longestBackoff: Milliseconds = 6 * hour

/** New stacks do not wait for long, and not all start at once. */
const firstSpread: Milliseconds = minute

/** The same share, from 0 up to 1, for one stack each time. */
function shareOf(name: string, seed: string): number {
  return Number.parseInt(shortHash(`${seed}/${name}`, 8), 16) / 2 ** 32
}

/** How long after a run the next one waits, before its jitter: with each failure in a row twice as long, and never shorter than the interval. */
export function pauseAfter(interval: Milliseconds, failures: number): Milliseconds {
  if (failures < 2) return interval
  const doubled = interval * 2 ** Math.min(failures - 1, 30)
  return Math.max(interval, Math.min(doubled, longestBackoff))
}

/**
 * When the next run of a stack is due. `lastEnd`: when its last run ended, null where it never ran; `failures`: how many runs in a row
 * failed. It is at least an interval after the last end, but for one case: where it would not be in a change window, and one has passed by
 * then, an `apply` stack runs in the last of those.
 */
export function dueAt(
  stack: Scheduled,
  lastEnd: Instant | null,
  failures: number,
  now: Instant,
  seed: string,
): Instant {
  const share = shareOf(stack.name, seed)
  if (lastEnd === null) return now + Math.floor(share * Math.min(stack.jitter, firstSpread))
  // The last run may have ended by a clock that is ahead.
  const end = Math.min(lastEnd, now)
  const due = end + pauseAfter(stack.interval, failures) + Math.floor(share * stack.jitter)
  return failures > 0 ? due : inMissedWindow(stack, end, due, share)
}

function inMissedWindow({ mode, windows }: Scheduled, end: Instant, due: Instant, share: number): Instant {
  if (mode !== 'apply' || windows.length === 0 || isInWindow(windows, due)) return due
  const missed = lastWindow(windows, { after: end, until: due })
  if (missed === null) return due
  // Well within it: a run takes a while to start.
  return missed.opens + Math.floor((share * (missed.closes - missed.opens)) / 4)
}
