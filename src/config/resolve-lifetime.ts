import {
  type Instant,
  type Milliseconds,
  formatDate,
  formatDuration,
  hour,
  parseDuration,
} from '../model/duration.ts'
import type { DesiredState, Rotation } from '../model/desired.ts'
import { type Lifetime, parseLifetime } from '../model/lifetime.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawPrune, RawRotate } from './raw.ts'

const defaultGrace = 48 * hour
const defaultQuiet = 24 * hour

/** Reads an expiry; null where it is not a real day. A date in the past would make a key that is dead from the start. */
export function resolveLifetime(at: Located<string>, now: Instant | null, report: Report): Lifetime | null {
  const lifetime = parseLifetime(at.value)
  if (lifetime === null) {
    const message = `Invalid date "${at.value}"`
    report(
      diagnosticFor(at, { code: 'no-such-day', message, hint: 'Write a real date, such as 2027-01-31.' }),
    )
    return null
  }
  if (now !== null && lifetime.kind === 'until' && lifetime.at <= now) {
    const message = `The date ${at.value} is past (today is ${formatDate(now)}, UTC)`
    const hint = 'Give a later date, or remove the key from the configuration.'
    report(diagnosticFor(at, { code: 'date-past', message, hint }))
    return null
  }
  return lifetime
}

/** A key's own settings over the defaults, property by property. */
export function mergeRotate(own: RawRotate | undefined, defaults: RawRotate | undefined): RawRotate {
  return own === undefined ? (defaults ?? {}) : { ...defaults, ...own }
}

function duration(text: string | undefined): Milliseconds | null {
  return text === undefined ? null : parseDuration(text)
}

/** The rules for keys that nothing declares. */
export function resolvePrune(
  raw: RawPrune | undefined,
  quiet: Milliseconds,
  { declaresNothing }: { readonly declaresNothing: boolean },
): DesiredState['prune'] {
  const { removed = 'revoke', unmanaged = 'report', unused, keep = [] } = raw ?? {}
  const after = duration(unused?.after)
  return {
    removed,
    releaseStack: declaresNothing && removed === 'retain',
    unmanaged,
    unused: after === null ? null : { after, action: unused?.action ?? 'report' },
    keep,
    quiet,
  }
}

/** How long a key must not have been used before it is revoked, as written or by default. */
export function resolveQuiet(text: string | undefined): Milliseconds {
  return duration(text) ?? defaultQuiet
}

/**
 * Fills in how a key rotates. `renewBefore` is by default a tenth of the period, at least `grace`; it must be less than
 * the period, for a key would else be due the moment it is made.
 */
export function resolveRotation(
  raw: RawRotate,
  lifetime: Lifetime | null,
  at: Located<string>,
  report: Report,
  warn: Report,
): Rotation {
  const { strategy = 'overlap' } = raw
  const maxAge = duration(raw.maxAge)
  const grace = duration(raw.grace) ?? defaultGrace
  const quiet = resolveQuiet(raw.quiet)
  const declared = duration(raw.renewBefore)
  if (lifetime?.kind !== 'period') return { strategy, maxAge, grace, quiet, renewBefore: declared ?? grace }
  const period = lifetime.length
  const renewBefore = declared ?? Math.max(period / 10, grace)
  if (renewBefore >= period) {
    const what =
      declared === null
        ? `${formatDuration(renewBefore)} (the grace, its least default)`
        : formatDuration(renewBefore)
    const message = `\`renewBefore\` is ${what}, which is not less than the expiry of ${formatDuration(period)}`
    const hint =
      declared === null
        ? 'Set a shorter `grace` or `renewBefore`, or a longer `expires`.'
        : 'Set a shorter `renewBefore`, or a longer `expires`.'
    report(diagnosticFor(at, { code: 'renewal-too-early', message, hint }))
  }
  if (maxAge !== null && maxAge >= period) {
    const message = `\`maxAge\` ${formatDuration(maxAge)} is not less than the expiry of ${formatDuration(period)}`
    const hint = 'The key is rotated before its end of life anyway, so its age will never count.'
    warn(diagnosticFor(at, { code: 'age-beyond-expiry', message, hint }))
  }
  return { strategy, maxAge, grace, quiet, renewBefore }
}
