import { plural } from '../../model/plural.ts'
import { type CheckStatus, type StoreCheck, type Verification, isFine } from '../../model/verification.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { displayWidth, minimumWidth, pad, wrap } from '../text/layout.ts'
import { nameText } from '../text/values.ts'

/** What `verify --json` prints; described in `schemas/verification.schema.json`. No secret is in it. */
export interface VerificationJson {
  readonly format_version: '1.0'
  readonly stack: string
  /** Nothing is wrong with any store, as far as it could be checked. */
  readonly ok: boolean
  readonly requests: number
  readonly checks: readonly {
    readonly key: string
    readonly store: string
    readonly status: CheckStatus
    readonly message: string
    readonly id: string | null
    /** The platform was asked with the secret; otherwise ends were compared. */
    readonly proved: boolean
  }[]
  readonly summary: Readonly<Record<CheckStatus, number>>
}

function countStatuses(checks: readonly StoreCheck[]): Readonly<Record<CheckStatus, number>> {
  const counts = {
    ok: 0,
    stale: 0,
    missing: 0,
    foreign: 0,
    failed: 0,
    unreadable: 0,
    external: 0,
    elsewhere: 0,
  }
  for (const { status } of checks) counts[status] += 1
  return counts
}

export function verificationToJson({ stack, checks, requests }: Verification): VerificationJson {
  return {
    format_version: '1.0',
    stack,
    ok: checks.every(isFine),
    requests,
    checks: checks.map(({ keyId, place, status, detail, liveId, proved }) => ({
      key: keyId,
      store: place,
      status,
      message: redactSecrets(detail),
      id: liveId,
      proved,
    })),
    summary: countStatuses(checks),
  }
}

const words = {
  ok: 'ok',
  stale: 'stale',
  missing: 'missing',
  foreign: 'foreign',
  failed: 'failed',
  unreadable: 'not checked',
  external: 'not checked',
  elsewhere: 'not checked',
} as const satisfies Record<CheckStatus, string>

function paint(check: StoreCheck, { green, yellow, red }: Palette): string {
  const word = words[check.status]
  if (check.status === 'ok') return green(word)
  return isFine(check) ? yellow(word) : red(word)
}

/** A line for each store of each key, and the count as the last line. Ends without a line break. */
export function renderVerification(
  { checks, requests }: Verification,
  options: { readonly palette: Palette; readonly width: number },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const column = Math.max(0, ...Object.values(words).map(displayWidth))
  const lines = checks.flatMap(check => {
    const detail = check.detail === '' ? '' : `: ${escapeControls(redactSecrets(check.detail))}`
    const lead = `${pad(paint(check, palette), column)}  `
    return wrap(
      `${palette.bold(nameText(check.keyId))} in ${escapeControls(check.place)}${detail}`,
      width,
      lead,
      '  ',
    )
  })
  return [
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...wrap(summary(checks, requests, palette), width),
  ].join('\n')
}

function summary(checks: readonly StoreCheck[], requests: number, { bold, green, red }: Palette): string {
  const bad = checks.filter(check => !isFine(check)).length
  const ok = checks.filter(({ status }) => status === 'ok').length
  const unchecked = checks.length - bad - ok
  const title = bad === 0 ? bold(green('Verified.')) : bold(red('Not verified.'))
  const parts = [
    `${ok} ok`,
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
    ...(bad > 0 ? [`${bad} wrong`] : []),
  ]
  return `${title} ${parts.join(', ')}; ${plural(requests, 'request')} made.`
}
