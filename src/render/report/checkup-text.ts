import { type Check, type Checkup, isHealthy } from '../../model/checkup.ts'
import { safeLines } from '../text/failure-text.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { minimumWidth, pad, wrap } from '../text/layout.ts'
import { plural } from '../text/values.ts'

type Counts = Readonly<Record<Check['status'], number>>

/** What `doctor --json` prints; described in `schemas/checkup.schema.json`. No secret is in it. */
export interface CheckupJson {
  readonly format_version: '1.0'
  /** Nothing failed. */
  readonly ok: boolean
  readonly requests: number
  readonly checks: readonly {
    readonly check: Check['name']
    readonly subject: string | null
    readonly status: Check['status']
    readonly message: string
    readonly hints: readonly string[]
  }[]
  readonly summary: Counts
}

function countStatuses({ checks }: Checkup): Counts {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 }
  for (const { status } of checks) counts[status] += 1
  return counts
}

export function checkupToJson(checkup: Checkup): CheckupJson {
  return {
    format_version: '1.0',
    ok: isHealthy(checkup),
    requests: checkup.requests,
    checks: checkup.checks.map(({ name, subject, status, message, hints }) => ({
      check: name,
      subject,
      status,
      message: redactSecrets(message),
      hints: hints.map(redactSecrets),
    })),
    summary: countStatuses(checkup),
  }
}

const labels = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: 'skipped' } as const

function painted(status: Check['status'], { green, yellow, red, dim, bold }: Palette): string {
  const label = pad(labels[status], 8)
  switch (status) {
    case 'ok':
      return green(label)
    case 'warning':
      return bold(yellow(label))
    case 'failed':
      return bold(red(label))
    case 'skipped':
      return dim(label)
  }
}

const indent = ' '.repeat(8)

/** As in an error: a hint that ends in a colon is the heading of those after it (`Possible causes:`). */
function hintLines(hint: string, { bold }: Palette, width: number): string[] {
  if (hint === '') return []
  return hint.endsWith(':')
    ? wrap(bold(hint), width, indent)
    : wrap(hint, width, `${indent}  • `, `${indent}    `)
}

/** One line a check, with what to do below it, and a summary as the last line. Ends without a line break. */
export function renderCheckup(
  checkup: Checkup,
  options: { readonly palette: Palette; readonly width: number },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const lines = checkup.checks.flatMap(({ name, subject, status, message, hints }) => {
    const about = subject === null ? '' : ` ${escapeControls(subject)}`
    const [first = '', ...rest] = safeLines(message)
    return [
      ...wrap(`${palette.bold(`${name}${about}`)}: ${first}`, width, painted(status, palette), indent),
      ...rest.filter(line => line !== '').flatMap(line => wrap(line, width, indent)),
      ...hints.flatMap(safeLines).flatMap(hint => hintLines(hint, palette, width)),
    ]
  })
  const { warning, failed } = countStatuses(checkup)
  const summary =
    failed + warning === 0
      ? palette.bold(palette.green('All is well.'))
      : palette.bold(`${plural(failed, 'failure')}, ${plural(warning, 'warning')}.`)
  return [...lines, '', summary].join('\n')
}
