import { type Milliseconds, hour } from '../model/duration.ts'

/** How long the platform replays the answer to an `Idempotency-Key` (assumed). Later, the same request would be a new one. */
export const replayWindow: Milliseconds = 24 * hour
