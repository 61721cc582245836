import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Run } from './run.ts'

/**
 * Takes back a key that this run made and nobody received, because of `fault`. Resolves to the failure to report; where
 * even that fails, the key is still marked `pending` and the next apply heals it.
 */
export async function withdraw(live: LiveKey, fault: unknown, run: Run): Promise<unknown> {
  const revoked = await run.platform.revoke(live.id).then(
    () => true,
    () => false,
  )
  if (!(fault instanceof Failure)) return fault
  const what = revoked
    ? `The new key ${live.id}, which nobody received, was revoked again.`
    : `The new key ${live.id}, which nobody received, could not be revoked again; the next apply sees to it.`
  return new Failure(fault.code, fault.message, { hints: [what, ...fault.hints], cause: fault })
}
