import type { Context } from '../../context.ts'
import type { Instant } from '../../model/duration.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { ScreenOptions } from '../../render/keys/written-key.ts'
import type { Output } from '../../runtime/terminal.ts'

/** What to do about a key that somebody else changed. */
export function lookAgain({ id }: Pick<LiveKey, 'id'>): string {
  return `Look at it with fluxloop-keys apikeys show ${id}, and run this again.`
}

/** How one of the two outputs shows keys at a moment. */
export function screenOf(
  { palette, width }: Output,
  now: Instant,
  { timeZone }: Pick<Context, 'timeZone'>,
): ScreenOptions {
  return { palette, width, now, timeZone }
}
