import { platformWithCrashPoints, storesWithCrashPoints } from '../../apply/crash-points.ts'
import type { Regenerated } from '../../apply/regenerate-by-hand.ts'
import type { Context } from '../../context.ts'
import type { DesiredKey } from '../../model/desired.ts'
import type { Instant } from '../../model/duration.ts'
import type { Failure } from '../../model/failure.ts'
import type { PlatformClient } from '../../platform/types.ts'
import type { Undelivered } from '../../render/management.ts'
import { isLocal } from '../../stores/locality.ts'
import type { Management } from './management.ts'

/** A managed key whose new secret can be delivered from here. */
export interface Target {
  readonly declared: DesiredKey
  /** One of its stores belongs to one person's machine. */
  readonly local: boolean
  /** Files that its stores may write to, whatever they are called. */
  readonly allowed: readonly string[]
}

/** Where the new secret of a managed key can go, or why it cannot. */
export function targetOf(
  { marker, isHead, configuration, declared }: Management,
  allowed: readonly string[],
  { host }: Context,
):
  | { readonly target: Target; readonly why: null }
  | { readonly target: null; readonly why: Exclude<Undelivered, null> } {
  const not = (why: Exclude<Undelivered, null>) => ({ target: null, why })
  if (!isHead) return not('not-the-head')
  if (marker.state.kind === 'external') return not('external')
  if (configuration === null) return not('no-configuration')
  if (declared === null) return not('undeclared')
  const local = declared.stores.some(({ spec }) => isLocal(spec))
  if (local && marker.host !== null && marker.host !== host()) return not('other-host')
  return { target: { declared, local, allowed }, why: null }
}

/** Can every store of the key take a secret? Throws the first `Failure` of one that cannot, before anything is regenerated. */
export async function requireReady({ declared, allowed }: Target, context: Context): Promise<void> {
  const stores = await context.stores(allowed)
  const probed = await stores.probe(declared.stores.map(({ spec }) => spec))
  for (const failure of probed.values()) if (failure !== null) throw failure
}

/** Delivers as apply does. */
export async function deliverTo(
  { declared, local, allowed }: Target,
  key: Regenerated,
  isCaller: boolean,
  clock: () => Instant,
  client: PlatformClient,
  context: Context,
): Promise<{ readonly places: readonly string[]; readonly fault: Failure | null }> {
  const { deliverRegenerated } = await import('../../apply/regenerate-by-hand.ts')
  return await deliverRegenerated(key, declared, {
    platform: platformWithCrashPoints(client, context.checkpoint),
    stores: storesWithCrashPoints(await context.stores(allowed), context.checkpoint),
    clock,
    host: local ? context.host() : null,
    marks: !isCaller,
  })
}
