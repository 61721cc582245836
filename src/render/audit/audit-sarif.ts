import type { Position } from '../../model/position.ts'
import { type Severity, auditRules, builtInRules, isBuiltInRule } from '../../model/audit-rule.ts'
import type { AuditFindingJson, AuditJson } from './audit-json.ts'
import { ruleHelp } from './rule-help.ts'
import { leftOutText, worstOf } from './sarif-limit.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'

export interface SarifOptions {
  /** Of this program. */
  readonly version: string
  /** Where findings of keys that nothing declares are shown: code scanners drop a result without a file. Null: nowhere. */
  readonly home: string | null
}

type Level = 'error' | 'warning' | 'note'

const levels: Readonly<Record<Severity, Level>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}

/** GitHub's code scanning ranks by it: above 9 critical, from 7 high, from 4 medium. */
const scores: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '0.5',
}

/**
 * A plain text message (SARIF 3.11.3) without placeholders and links: braces are doubled (3.11.5), and a zero-width space parts what
 * would make a link (3.11.6), since viewers differ on escaped brackets.
 */
function plain(text: string): string {
  return text.replace(/[{}]/g, '$&$&').replaceAll('](', ']\u200b(')
}

/** A path on this machine as a URI: relative to the root of the sources where it can be. */
function artifact(file: string) {
  const encoded = redactSecrets(file)
    .split(/[/\\]/)
    .map(part => encodeURIComponent(escapeControls(part)))
    .join('/')
  if (file.startsWith('/')) return { uri: `file://${encoded}` }
  if (/^[A-Za-z]:/.test(file)) return { uri: `file:///${encoded.replace('%3A', ':')}` }
  return { uri: encoded, uriBaseId: '%SRCROOT%' }
}

function physicalLocation(position: Position | null, home: string | null) {
  if (position !== null) {
    const { file, line, column } = position
    return { artifactLocation: artifact(file), region: { startLine: line, startColumn: column } }
  }
  return home === null ? undefined : { artifactLocation: artifact(home) }
}

function builtInDescriptor(id: (typeof builtInRules)[number]) {
  const { title, severity } = auditRules[id]
  const { why, fix } = ruleHelp[id]
  return {
    id,
    name: id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: why },
    help: {
      text: `${title}. ${why} ${fix}`,
      markdown: `**${title}.** ${why}\n\n**Fix:** ${fix}\n\nMore in \`docs/rules/${id}.md\` of fluxloop-keys.`,
    },
    defaultConfiguration: { level: levels[severity] },
    properties: { 'security-severity': scores[severity], tags: ['security'] },
  }
}

function ownDescriptor({ rule, severity, remedy }: AuditFindingJson) {
  const text = "A rule of the team's own, in the policy of the configuration."
  return {
    id: rule,
    name: rule,
    shortDescription: { text },
    fullDescription: { text },
    help: { text: `${text} ${remedy}`, markdown: `${text} ${remedy}` },
    defaultConfiguration: { level: levels[severity] },
    properties: { 'security-severity': scores[severity], tags: ['security'] },
  }
}

function suppressions({ suppressed_by: exception }: AuditFindingJson) {
  if (exception === null) return []
  const { owner, reason, until, permission, project } = exception
  const who = owner === null ? '' : ` (${owner})`
  return [
    {
      kind: 'external',
      status: 'accepted',
      justification: `${reason}${who}, until ${until}`,
      properties: { owner, until, permission, project },
    },
  ]
}

function result(
  finding: AuditFindingJson,
  ruleIds: readonly string[],
  { stack, known }: AuditJson,
  home: string | null,
) {
  const { rule, severity, key, id, name, generation, permission, project } = finding
  const { message, remedy, evidence, position, fingerprint } = finding
  const physical = physicalLocation(position, home)
  const logical = {
    name: key ?? id ?? name,
    fullyQualifiedName: `${stack}/${key ?? id ?? name}`,
    kind: 'resource',
  }
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level: levels[severity],
    message: { text: plain(`${key ?? `${id ?? ''} (${name})`}: ${message}. ${remedy}`) },
    locations: [
      { ...(physical === undefined ? {} : { physicalLocation: physical }), logicalLocations: [logical] },
    ],
    // GitHub goes by primaryLocationLineHash, and would otherwise hash the lines around, which move.
    partialFingerprints: { 'fluxloopKeys/v1': fingerprint, primaryLocationLineHash: `${fingerprint}:1` },
    suppressions: suppressions(finding),
    ...(known === null ? {} : { baselineState: 'new' }),
    properties: { severity, key, id, name, generation, permission, project, evidence, remedy },
  }
}

function leftOutNotification(leftOut: readonly AuditFindingJson[], total: number) {
  if (leftOut.length === 0) return []
  const text = plain(leftOutText(leftOut, total))
  return [{ level: 'warning', message: { text }, properties: { left_out: leftOut.length } }]
}

/** A log of SARIF 2.1.0 (OASIS). Files are relative to the folder that the audit ran in, which should be the repository's root. */
export function auditToSarif(report: AuditJson, { version, home }: SarifOptions): object {
  const { platform, account, stack, at, mode, window_days, requests, keys, known, findings, not_looked_at } =
    report
  const own = new Map(findings.filter(({ rule }) => !isBuiltInRule(rule)).map(each => [each.rule, each]))
  const ruleIds = [...builtInRules, ...own.keys()]
  const { shown, leftOut } = worstOf(findings)
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'fluxloop-keys',
            version,
            semanticVersion: version,
            rules: [...builtInRules.map(builtInDescriptor), ...[...own.values()].map(ownDescriptor)],
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The folder that the audit ran in.' } } },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: at,
            toolExecutionNotifications: [
              ...leftOutNotification(leftOut, findings.length),
              ...not_looked_at.map(({ why, rules, ids }) => ({
                level: 'note',
                message: { text: plain(`Not looked at (${why}): ${rules.join(', ')}`) },
                properties: { why, rules, ids },
              })),
            ],
          },
        ],
        results: shown.map(finding => result(finding, ruleIds, report, home)),
        properties: {
          platform,
          account,
          stack,
          mode,
          window_days,
          requests,
          keys,
          known,
          left_out: leftOut.length,
        },
      },
    ],
  }
}
