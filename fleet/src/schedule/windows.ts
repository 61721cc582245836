import type { Instant } from '../../../src/model/duration.ts'
import { type ChangeWindow, type FleetStack, type StackMode, weekdays } from '../file/fleet.ts'
import { dayAt, instantOf, weekdayOf } from './zoned-time.ts'

/** A time in which a stack may write: from `opens` on, until right before `closes`. */
export interface OpenTime {
  readonly opens: Instant
  readonly closes: Instant
}

/** A week, and another where a change of the clock leaves out the only window of the first. */
const longest = 16

/** The times of one window that begin from `back` days before the date of `now` in its zone to `ahead` days after it. */
function timesOf(
  { days, from, to, timeZone }: ChangeWindow,
  now: Instant,
  { back, ahead }: { readonly back: number; readonly ahead: number },
): readonly OpenTime[] {
  const today = dayAt(timeZone, now)
  const times: OpenTime[] = []
  for (let date = today - back; date <= today + ahead; date += 1) {
    const weekday = weekdays[weekdayOf(date)]
    if (weekday === undefined || !days.includes(weekday)) continue
    const opens = instantOf(timeZone, date, from)
    const closes = instantOf(timeZone, to > from ? date : date + 1, to)
    // A change of the clock may leave out the whole window.
    if (opens < closes) times.push({ opens, closes })
  }
  return times
}

/** In their order, those that touch as one. */
function merged(times: readonly OpenTime[]): readonly OpenTime[] {
  const sorted = [...times].sort((a, b) => a.opens - b.opens)
  const result: OpenTime[] = []
  for (const time of sorted) {
    const last = result.at(-1)
    if (last !== undefined && time.opens <= last.closes)
      result[result.length - 1] = { opens: last.opens, closes: Math.max(last.closes, time.closes) }
    else result.push(time)
  }
  return result
}

/** May something be changed now? Always where there are no windows. */
export function isInWindow(windows: readonly ChangeWindow[], now: Instant): boolean {
  if (windows.length === 0) return true
  return windows.some(window =>
    timesOf(window, now, { back: 2, ahead: 1 }).some(({ opens, closes }) => opens <= now && now < closes),
  )
}

/**
 * The time that is open now, else the next one; windows that touch are one, as far as two weeks show. Null where there are no
 * windows.
 */
export function nextWindow(windows: readonly ChangeWindow[], now: Instant): OpenTime | null {
  const times = merged(windows.flatMap(window => timesOf(window, now, { back: longest, ahead: longest })))
  return times.find(({ closes }) => now < closes) ?? null
}

/** The last time that opens after one instant and closes until another; null where there is none. */
export function lastWindow(
  windows: readonly ChangeWindow[],
  { after, until }: { readonly after: Instant; readonly until: Instant },
): OpenTime | null {
  const times = merged(windows.flatMap(window => timesOf(window, until, { back: longest, ahead: 0 })))
  return times.findLast(({ opens, closes }) => opens > after && closes <= until) ?? null
}

/** What a run that starts now does: outside of its windows an `apply` stack only plans. */
export function modeNow({ mode, windows }: Pick<FleetStack, 'mode' | 'windows'>, now: Instant): StackMode {
  return mode === 'apply' && isInWindow(windows, now) ? 'apply' : 'plan'
}
