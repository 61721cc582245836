import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { ApplyPlatform } from './run.ts'

/** Does it carry a marker, by which the next apply finds it? A key made by hand has none. */
export function isMarked({ ownership }: LiveKey): boolean {
  return ownership.kind === 'managed'
}

/**
 * Takes back a key that this run made and nobody received, because of `fault`. Resolves to the failure to report; where
 * even that fails, a key that is marked `pending` is healed by the next apply.
 */
export async function withdraw(
  live: LiveKey,
  fault: unknown,
  { platform }: { readonly platform: Pick<ApplyPlatform, 'revoke'> },
): Promise<unknown> {
  const revoked = await platform.revoke(live.id).then(
    () => true,
    () => false,
  )
  if (!(fault instanceof Failure)) return fault
  const next = isMarked(live)
    ? '; the next apply sees to it.'
    : `. Run: fluxloop-keys apikeys delete ${live.id}`
  const what = revoked ? 'was revoked again.' : `could not be revoked again${next}`
  const hint = `The new key ${live.id}, which nobody received, ${what}`
  return new Failure(fault.code, fault.message, { hints: [hint, ...fault.hints], cause: fault })
}
