import type { AuditFinding } from '../model/audit.ts'
import type { AuditedKey } from './audited-key.ts'

/** By these a key as a whole has lost its purpose. */
const unneeded: readonly string[] = ['unused-key', 'never-used-key']
/** What they say of an end is to be declared within the longest lifetime, where another finding names one. */
const aboutEnd: readonly string[] = ['expiring-soon', 'end-not-as-declared']

/**
 * The findings of one key with remedies that do not contradict each other. Where nobody needs the key, that goes first, and other
 * remedies are for the case that it stays; where its lifetime is too long, no finding asks for a later end.
 */
export function agreeingRemedies(
  key: AuditedKey,
  findings: readonly AuditFinding[],
): readonly AuditFinding[] {
  if (findings.length < 2) return findings
  const open = findings.filter(({ suppressedBy }) => suppressedBy === null)
  const removal = open.find(({ rule }) => unneeded.includes(rule))
  const bound = open.find(({ rule }) => rule === 'lifetime-too-long')
  const isFixed = key.kind === 'declared' && key.desired.expires.kind === 'until'
  return findings.map(finding => {
    const { rule, remedy } = finding
    if (removal !== undefined && !unneeded.includes(rule)) {
      // An unmanaged key has no declaration that could keep it.
      return { ...finding, remedy: key.kind === 'undeclared' ? removal.remedy : `If it stays: ${remedy}` }
    }
    if (bound !== undefined && isFixed && aboutEnd.includes(rule)) return { ...finding, remedy: bound.remedy }
    return finding
  })
}
