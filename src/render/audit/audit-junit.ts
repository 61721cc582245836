import { type Severity, compareSeverity } from '../../model/audit-rule.ts'
import type { AuditFindingJson, AuditJson } from './audit-json.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { plural } from '../text/values.ts'

const entities: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }

/** XML 1.0 has no controls and no non-characters, not even as references: they are made visible. */
function xml(text: string): string {
  return escapeControls(redactSecrets(text))
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, character => `&${entities[character] ?? ''};`)
}

interface Case {
  readonly name: string
  readonly className: string
  readonly failure: { readonly message: string; readonly type: string; readonly text: string } | null
}

interface Suite {
  readonly name: string
  readonly cases: readonly Case[]
  /** What no test case can carry. */
  readonly output: readonly string[]
}

const exceptionOf = ({ suppressed_by: exception }: AuditFindingJson) =>
  exception === null
    ? null
    : `excepted until ${exception.until}${exception.owner === null ? '' : `, ${exception.owner}`}: ${exception.reason}`

function caseOf(finding: AuditFindingJson, failOn: Severity): Case {
  const { rule, severity, message, remedy, permission, project, position, fingerprint } = finding
  const excepted = exceptionOf(finding)
  const what = [rule, permission, project].filter(part => part !== null).join(' ')
  const place = position === null ? '' : `${position.file}:${position.line}:${position.column}`
  return {
    name: `${what} (${excepted ?? severity}): ${message}`,
    className: rule,
    failure:
      excepted === null && compareSeverity(severity, failOn) >= 0
        ? {
            message,
            type: severity,
            text: [`${place === '' ? '' : `${place}: `}${message}`, remedy, `Fingerprint: ${fingerprint}`]
              .map(xml)
              .join('\n'),
          }
        : null,
  }
}

/** Keys in the order of their worst finding. */
function keySuites(findings: readonly AuditFindingJson[], failOn: Severity): readonly Suite[] {
  const suites = new Map<string, Case[]>()
  for (const finding of findings) {
    const name = finding.key ?? `${finding.id ?? ''} ${finding.name}`
    suites.set(name, [...(suites.get(name) ?? []), caseOf(finding, failOn)])
  }
  return [...suites].map(([name, cases]) => ({ name, cases, output: [] }))
}

/** There is always one test, so that no CI system takes an audit without findings for one that did not run. */
function wholeSuite({ stack, keys, known, mode, not_looked_at: notLookedAt }: AuditJson): Suite {
  const left = known === null ? '' : `, ${plural(known, 'finding')} known from before left out`
  return {
    name: stack,
    cases: [
      {
        name: `Audit (${mode}): ${keys.clean} of ${plural(keys.total, 'key')} clean${left}`,
        className: 'audit',
        failure: null,
      },
      ...notLookedAt.flatMap(({ rules, why, ids }) =>
        rules.map(rule => ({
          name: `${rule} (not looked at: ${why})${ids.length === 0 ? '' : `: ${plural(ids.length, 'live key')}`}`,
          className: rule,
          failure: null,
        })),
      ),
    ],
    output: notLookedAt.map(
      ({ why, rules, ids }) =>
        `Not looked at (${why}): ${rules.join(', ')}${ids.map(id => ` ${id}`).join('')}`,
    ),
  }
}

function caseLines({ name, className, failure }: Case): string[] {
  const head = `    <testcase name="${xml(name)}" classname="${xml(className)}" time="0"`
  if (failure === null) return [`${head}/>`]
  const { message, type, text } = failure
  return [
    `${head}>`,
    `      <failure message="${xml(message)}" type="${xml(type)}">${text}</failure>`,
    '    </testcase>',
  ]
}

/**
 * JUnit's report, in the strict form of Ant's schema, which has no `skipped`: an excepted finding and what was not looked at are tests that
 * pass, and their names say so. A finding at `failOn` or above fails.
 */
export function auditToJunit(report: AuditJson, failOn: Severity): string {
  const suites = [wholeSuite(report), ...keySuites(report.findings, failOn)]
  const lines = suites.flatMap(({ name, cases, output }, id) => [
    `  <testsuite name="${xml(name)}" package="fluxloop-keys" id="${id}" timestamp="${report.at.slice(0, 19)}" hostname="localhost" tests="${cases.length}" failures="${cases.filter(({ failure }) => failure !== null).length}" errors="0" time="0">`,
    '    <properties/>',
    ...cases.flatMap(caseLines),
    `    <system-out>${output.map(xml).join('\n')}</system-out>`,
    '    <system-err/>',
    '  </testsuite>',
  ])
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...lines, '</testsuites>'].join('\n')
}
