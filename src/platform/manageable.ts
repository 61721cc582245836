import type { LiveKey } from '../model/live-key.ts'
import { PlatformFailure } from './platform-failure.ts'
import type { Listing } from './types.ts'

/** What keys cannot be managed without is missing. Nothing was made. */
export function cannotManage(lacks: string): PlatformFailure {
  return new PlatformFailure('failed', `The platform ${lacks}, so no key can be managed on it`, {
    hints: [
      'Nothing was changed.',
      'fluxloop-keys keeps its state in the descriptions of keys, and changes them with PATCH.',
      'The commands of `fluxloop-keys apikeys` work without.',
    ],
  })
}

/** Fails where the listing shows that the platform keeps no descriptions. */
export function requireDescriptions({ doubts }: Listing): void {
  if (doubts.lacksDescriptions) throw cannotManage('keeps no description of a key')
}

/** Did the platform ever keep a change of a description? A marker that says more than `pending` came by PATCH. */
export function hasKeptUpdates(keys: readonly LiveKey[]): boolean {
  return keys.some(
    ({ ownership }) => ownership.kind === 'managed' && ownership.marker.state.kind !== 'pending',
  )
}
