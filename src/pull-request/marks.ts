import { isAbsolute, join, posix, relative } from 'node:path'
import type { AuditFinding } from '../model/audit.ts'
import { compareSeverity } from '../model/audit-rule.ts'
import type { Change, Plan } from '../model/change.ts'
import { type Diagnostic, warningCodes } from '../model/diagnostic.ts'
import type { Position } from '../model/position.ts'
import { widenedFields } from '../model/widening.ts'
import { findingText } from '../render/plan/finding-text.ts'
import { redactSecrets } from '../render/text/escape.ts'
import { breakable } from '../render/text/layout.ts'
import type { DesiredState } from '../model/desired.ts'
import { type Mark, worstFirst } from './step.ts'

/** Where the files of a configuration are: a folder that stands for the root of the repository, and the working directory in it. */
export interface Place {
  readonly root: string
  readonly cwd: string
}

/** A file as the configuration calls it, from the root of the repository; null where it is outside. */
export function fileInRepository(file: string, { root, cwd }: Place): string | null {
  const path = relative(root, isAbsolute(file) ? file : join(cwd, file))
  const isOutside = path === '' || path.startsWith('..') || isAbsolute(path)
  return isOutside ? null : path.split(/[\\/]/).join(posix.sep)
}

function markAt(
  position: Position | null,
  place: Place,
  rest: Pick<Mark, 'level' | 'title' | 'message'>,
): Mark {
  const file = position === null ? null : fileInRepository(position.file, place)
  return { file, line: position?.line ?? 1, ...rest, message: redactSecrets(rest.message) }
}

export function marksOfDiagnostics(diagnostics: readonly Diagnostic[], place: Place): readonly Mark[] {
  const marks = diagnostics.map(({ file, line, column, code, message, hint }) =>
    markAt({ file, line, column }, place, {
      level: warningCodes.has(code) ? 'warning' : 'error',
      title: 'Configuration',
      message: hint === null ? message : `${message}. ${hint}`,
    }),
  )
  return worstFirst(marks)
}

function changeMarks(
  change: Change,
  positions: ReadonlyMap<string, Position>,
  place: Place,
): readonly Mark[] {
  const position = positions.get(change.keyId) ?? null
  const widened = widenedFields(change)
  if (widened.length > 0)
    return [
      markAt(position, place, {
        level: 'warning',
        title: 'Widens access',
        message: `${change.keyId} is granted more: ${widened.join(', ')}`,
      }),
    ]
  if (change.kind !== 'revoke') return []
  const message = `${change.keyId} (${change.live.id}) is revoked`
  return [markAt(position, place, { level: 'warning', title: 'Ends a key', message })]
}

const levels = { refusal: 'error', held: 'error', warning: 'warning' } as const

/** What of a plan a reader of the files should see next to them. */
export function marksOfPlan(plan: Plan, { keys }: DesiredState, place: Place): readonly Mark[] {
  const positions = new Map(keys.map(({ keyId, position }) => [keyId, position] as const))
  const findings = plan.findings.map(finding => {
    const keyId = 'keyId' in finding ? finding.keyId : null
    const { message, hint } = findingText(finding, plan.now)
    return markAt(keyId === null ? null : (positions.get(keyId) ?? null), place, {
      level: levels[finding.severity],
      title: 'Plan',
      message: breakable(`${message} ${hint}`),
    })
  })
  return worstFirst([...findings, ...plan.changes.flatMap(change => changeMarks(change, positions, place))])
}

export function marksOfAudit(findings: readonly AuditFinding[], place: Place): readonly Mark[] {
  const open = findings.filter(({ suppressedBy }) => suppressedBy === null)
  const marks = open.map(({ position, severity, rule, message, remedy, subject }) =>
    markAt(position, place, {
      level: compareSeverity(severity, 'high') >= 0 ? 'error' : 'warning',
      title: `Audit: ${rule}`,
      message: `${subject.keyId ?? subject.liveId ?? ''}: ${message}. ${remedy}`,
    }),
  )
  return worstFirst(marks)
}
