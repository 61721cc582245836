import type { Context } from '../../context.ts'
import type { Instant } from '../../model/duration.ts'
import type { ScreenOptions } from '../../render/written-key.ts'
import type { Output } from '../../terminal.ts'

/** How one of the two outputs shows keys at a moment. */
export function screenOf(
  { palette, width }: Output,
  now: Instant,
  { timeZone }: Pick<Context, 'timeZone'>,
): ScreenOptions {
  return { palette, width, now, timeZone }
}
