import type { Milliseconds } from '../../../src/model/duration.ts'

/** The clocks of this machine. The monotonic one stands still while the machine is suspended; the other one is set by people. */
export interface Clocks {
  monotonic(): Milliseconds
  wall(): Milliseconds
}

export const ownClocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() }

/** Gives how long ago it was made, by whichever clock says more. */
export function startAge(clocks: Clocks): () => Milliseconds {
  const [monotonic, wall] = [clocks.monotonic(), clocks.wall()]
  return () => Math.max(clocks.monotonic() - monotonic, clocks.wall() - wall)
}
