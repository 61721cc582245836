import { uptime } from 'node:os'
import { type Instant, type Milliseconds, second } from '../model/duration.ts'

/** The first is exact, but stands still on Linux while the machine sleeps; the second goes on, and may count whole seconds. */
const ownClocks: readonly (() => Milliseconds)[] = [() => performance.now(), () => uptime() * second]

/** How long ago this was called, by the clock that says it is the longest. */
function stopwatch(clocks: readonly (() => Milliseconds)[]): () => Milliseconds {
  const watches = clocks.map(clock => {
    const start = clock()
    return () => clock() - start
  })
  return () => Math.max(...watches.map(elapsed => elapsed()))
}

/**
 * The server's clock, carried on by ours (milliseconds since any moment) from when we asked for it. It was told
 * later than that, and cut to a whole second: rather a moment ahead than behind, or else the delivery that a marker
 * names would lie before the use that proved it, and count as somebody's use.
 */
export function serverClock(clocks = ownClocks): (told: Instant) => () => Instant {
  const elapsed = stopwatch(clocks)
  return told => () => told + second + elapsed()
}
