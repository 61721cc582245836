import { shortHash } from '../../model/hash.ts'
import type { Severity } from '../../model/audit-rule.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import type { AuditJson } from './audit-json.ts'

/** One entry of a code quality report, as GitLab reads it. Source: https://docs.gitlab.com/ci/testing/code_quality */
export interface CodeQualityEntry {
  readonly description: string
  readonly check_name: string
  /** By which GitLab tells entries apart, and an old one from a new one. */
  readonly fingerprint: string
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker'
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } }
}

/** Something to show at a line of a file. */
export interface QualityRemark {
  readonly check: string
  readonly text: string
  readonly severity: CodeQualityEntry['severity']
  /** Relative to the root of the repository; null: GitLab drops what is in no file, so it is shown at the first line of `home`. */
  readonly place: { readonly file: string; readonly line: number } | null
  /** What stays the same for as long as it is the same remark; null: its text. */
  readonly identity: string | null
}

/** Four short hashes of the text behind different beginnings: a report has thousands of entries, and one alone would repeat. */
function fingerprintOf(text: string): string {
  return ['a', 'b', 'c', 'd'].map(salt => shortHash(`${salt}\0${text}`, 8)).join('')
}

/** GitLab takes entries with equal fingerprints for one: each of several gets its own, in their order. */
export function codeQuality(remarks: readonly QualityRemark[], home: string): readonly CodeQualityEntry[] {
  const seen = new Map<string, number>()
  return remarks.map(({ check, text, severity, place, identity }) => {
    const { file, line } = place ?? { file: home, line: 1 }
    const same = [check, file, identity ?? text].join('\0')
    const count = seen.get(same) ?? 0
    seen.set(same, count + 1)
    return {
      description: escapeControls(redactSecrets(text)),
      check_name: check,
      fingerprint: fingerprintOf(`${same}\0${count}`),
      severity,
      location: { path: escapeControls(redactSecrets(file)), lines: { begin: Math.max(1, line) } },
    }
  })
}

const severities: Readonly<Record<Severity, CodeQualityEntry['severity']>> = {
  info: 'info',
  low: 'minor',
  medium: 'major',
  high: 'critical',
  critical: 'blocker',
}

/** An audit as `audit --format gitlab` prints it. What an exception answers for is not in it. */
export function auditToCodeQuality({ findings }: AuditJson, home: string): readonly CodeQualityEntry[] {
  const open = findings.filter(finding => finding.suppressed_by === null)
  const remarks = open.map(({ rule, severity, key, id, message, remedy, position, fingerprint }) => ({
    check: rule,
    text: `${key ?? id ?? ''}: ${message}. ${remedy}`,
    severity: severities[severity],
    place: position,
    identity: fingerprint,
  }))
  return codeQuality(remarks, home)
}
