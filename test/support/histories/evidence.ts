import { gatherEvidence } from '../../../src/commands/evidence.ts'
import type { DesiredState } from '../../../src/model/desired.ts'
import type { Instant } from '../../../src/model/duration.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { ownedKeys } from '../../../src/lifecycle/ownership.ts'
import { evidenceNeeded } from '../../../src/plan/evidence-needed.ts'
import type { PlanOptions } from '../../../src/plan/input.ts'
import { looksWithoutProgram } from '../../../src/stores/locality.ts'
import { type Site, filePlace } from './sites.ts'
import { type HistoryWorld, holderOf, placeOf, secretOf } from './history-world.ts'

/** What the places of declared keys are called here. */
export function placesAt(desired: DesiredState, site: Site): PlanOptions['places'] {
  const file = filePlace(site)
  return new Map(
    desired.keys.map(({ keyId, stores }) => {
      const hasFile = stores.some(({ spec }) => spec.kind === 'env-file')
      return [keyId, hasFile ? [file] : [site.host, file]] as const
    }),
  )
}

/** What the stores of this site show, as the command would find it. */
export async function evidenceAt(
  world: HistoryWorld,
  site: Site,
  desired: DesiredState,
  keys: readonly LiveKey[],
  now: Instant,
  options: PlanOptions,
): Promise<PlanOptions> {
  const needed = evidenceNeeded(desired, ownedKeys(desired, keys, now), now, options)
  const stores = {
    look: async (spec: Parameters<typeof placeOf>[0]) => {
      const secret = looksWithoutProgram(spec) ? world.places.get(placeOf(spec, site)) : undefined
      return secret === undefined ? null : secretOf(secret)
    },
    keychainWorks: async () => true,
  }
  return { ...options, ...(await gatherEvidence(needed, desired, keys, options.formerStores, stores)) }
}

/** The live keys whose secrets are in places that can be read here: stores that a declaration lost are among them. */
export function storedAt(
  world: HistoryWorld,
  { host, folder }: Site,
  keys: readonly LiveKey[],
): ReadonlySet<string> {
  const isHere = (place: string) => {
    const [, where = host] = place.split(' on ')
    return where === host || where === `${host} in ${folder}`
  }
  const here = [...world.places].filter(([place]) => !place.includes('.sealed') && isHere(place))
  // An expired key counts: its secret works no more, and it is ours anyway.
  const active = keys.map(key => ({ ...key, status: 'active' as const }))
  return new Set(here.flatMap(([, secret]) => holderOf(world, secret, active)?.id ?? []))
}
