import {
  type Instant,
  type Milliseconds,
  day,
  formatDate,
  formatDuration,
  parseDate,
  parseDuration,
} from './duration.ts'

/** How long a key lives, as declared: for ever, for a period from its last (re)generation, or until a date. */
export type Lifetime =
  | { readonly kind: 'never' }
  | { readonly kind: 'period'; readonly length: Milliseconds }
  | { readonly kind: 'until'; readonly at: Instant }

/** Reads `never`, `90d` or `2027-01-31`. Null where it is none of them. */
export function parseLifetime(text: string): Lifetime | null {
  if (text === 'never') return { kind: 'never' }
  const length = parseDuration(text)
  if (length !== null) return { kind: 'period', length }
  const at = parseDate(text)
  return at === null ? null : { kind: 'until', at }
}

export function formatLifetime(lifetime: Lifetime): string {
  switch (lifetime.kind) {
    case 'never':
      return 'never'
    case 'period':
      return formatDuration(lifetime.length)
    case 'until':
      return formatDate(lifetime.at)
  }
}

/** The end of a key whose secret was made at `from`; null means never. */
export function endOfLife(lifetime: Lifetime, from: Instant): Instant | null {
  switch (lifetime.kind) {
    case 'never':
      return null
    case 'period':
      return from + lifetime.length
    case 'until':
      return lifetime.at
  }
}

/** How far two ends may lie apart and still count as the same: a day, or a twentieth of the period where that is less. */
export function endTolerance(lifetime: Lifetime): Milliseconds {
  return lifetime.kind === 'period' ? Math.min(day, lifetime.length / 20) : day
}
