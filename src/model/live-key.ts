import type { Instant } from './duration.ts'
import { type Environment, isEnvironment } from './environment.ts'
import type { Marker } from './marker.ts'
import type { Permissions } from './permission.ts'
import type { Scope } from './scope.ts'
import type { Secret } from './secret.ts'

/** When a key was last used; `at` is null where it never was. No data is not the same as no use. */
export type LastUse =
  | { readonly known: false }
  | {
      readonly known: true
      readonly at: Instant | null
      readonly ip: string | null
      readonly location: string | null
      readonly userAgent: string | null
    }

export type Ownership =
  | { readonly kind: 'unmanaged' }
  | { readonly kind: 'managed'; readonly marker: Marker }
  /** Its marker is bound to another key: somebody copied a description. It makes nothing ours. */
  | { readonly kind: 'copied'; readonly marker: Marker }
  /** Its description has a marker that this version cannot read: edited, cut, or written by a newer one. Hands off. */
  | { readonly kind: 'unreadable'; readonly text: string }

/** A key as the platform has it. */
export interface LiveKey {
  readonly id: string
  readonly name: string
  /** Without the marker. */
  readonly description: string
  readonly ownership: Ownership
  readonly maskedKey: string
  /** Null: one that we do not know; undefined: the platform does not say. */
  readonly environment: Environment | null | undefined
  readonly scope: Scope
  readonly permissions: Permissions
  readonly createdAt: Instant
  /** Null: never; undefined: the platform does not say. */
  readonly regeneratedAt: Instant | null | undefined
  /** Null: never. */
  readonly expiresAt: Instant | null
  readonly lastUse: LastUse
  readonly status: 'active' | 'expired' | 'revoked'
  /** For `If-Match`; null where the platform gives none. */
  readonly version: string | null
}

/** As the platform says, else as the secret's prefix shows: `flux_prod_****...`. Null where neither tells. */
export function shownEnvironment({
  environment,
  maskedKey,
}: Pick<LiveKey, 'environment' | 'maskedKey'>): Environment | null {
  if (environment !== undefined) return environment
  const prefix = /^flux_([a-z]+)_/.exec(maskedKey)?.[1] ?? ''
  return isEnvironment(prefix) ? prefix : null
}

/** Null where it was never regenerated, as far as the platform says. */
export function regeneratedAt(key: Pick<LiveKey, 'regeneratedAt'>): Instant | null {
  return key.regeneratedAt ?? null
}

/** When the secret that works now was made, as far as the platform says. */
export function secretMadeAt(key: Pick<LiveKey, 'regeneratedAt' | 'createdAt'>): Instant {
  return regeneratedAt(key) ?? key.createdAt
}

/** What a masked key (`flux_dev_****...mno34`) shows of the secret's end. */
export function visibleEnd(maskedKey: string): string {
  const end = Math.max(maskedKey.lastIndexOf('*'), maskedKey.lastIndexOf('.'), maskedKey.lastIndexOf('…'))
  return maskedKey.slice(end + 1)
}

/** What is shorter fits too many values by chance. */
export const shortestEnd = 3

/** Two views of a secret's end agree where the shorter one, of at least 3 characters, is the end of the other. */
export function endsAgree(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= shortestEnd && (a.endsWith(b) || b.endsWith(a))
}

/** Does a secret end exactly as this key's masked form shows? False where that shows fewer than 3 characters: any value could. */
export function endsLike(secret: Secret, { maskedKey }: Pick<LiveKey, 'maskedKey'>): boolean {
  const shown = visibleEnd(maskedKey)
  return shown.length >= shortestEnd && secret.end(shown.length) === shown
}

/** Are these two looks at one key the same, its use and its version aside? */
export function sameButUse(a: LiveKey, b: LiveKey): boolean {
  const substance = (key: LiveKey) => JSON.stringify({ ...key, lastUse: null, version: null })
  return substance(a) === substance(b)
}

/** The marker of a key that a plan speaks of. */
export function markerOf(live: LiveKey): Marker {
  if (live.ownership.kind !== 'managed') throw new TypeError('unreachable: a planned key is managed')
  return live.ownership.marker
}
