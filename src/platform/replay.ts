import { type Milliseconds, hour } from '../model/duration.ts'
import { PlatformFailure } from './platform-failure.ts'

/** How long the platform replays the answer to an `Idempotency-Key` (assumed). Later, the same request would be a new one. */
export const replayWindow: Milliseconds = 24 * hour

/** The platform knows the `Idempotency-Key`, and does not give the answer again: 409 or 422. */
export function refusesReplay(cause: unknown): boolean {
  return cause instanceof PlatformFailure && (cause.status === 409 || cause.status === 422)
}
