import { type AuditFinding, type AuditReport, unseenReasons } from '../../model/audit.ts'
import { day, formatDate } from '../../model/duration.ts'
import { scoreText } from './audit-text.ts'
import { auditedText } from '../text/subject-text.ts'
import { inertText } from '../text/markdown.ts'
import { plural } from '../text/values.ts'

/** A comment on GitHub has at most 65,536 characters; a row has about 300. */
const mostRows = 100

function row({ severity, subject, message, remedy, rule, position }: AuditFinding): string {
  const key = subject.keyId ?? `${subject.liveId ?? ''} (${subject.name})`
  const place = position === null ? '' : `${position.file}:${position.line}`
  return `| ${severity} | ${inertText(key)} | ${inertText(message)}. ${inertText(remedy)} (${inertText(rule)}) | ${inertText(place)} |`
}

function exceptedItem({ subject, rule, message, suppressedBy }: AuditFinding): string {
  const { until = 0, reason = '', owner = null } = suppressedBy ?? {}
  const who = owner === null ? '' : `, ${inertText(owner)}`
  const key = subject.keyId ?? subject.liveId ?? ''
  return `- ${inertText(key)}: ${inertText(message)} (${inertText(rule)}). Until ${formatDate(until - day)}${who}: ${inertText(reason)}`
}

function folded(title: string, items: readonly string[]): string[] {
  const shown = items.slice(0, mostRows)
  const rest = items.length - shown.length
  const more = rest === 0 ? [] : [`- and ${rest} more`]
  return items.length === 0
    ? []
    : ['', `<details><summary>${title}</summary>`, '', ...shown, ...more, '', '</details>']
}

/** A comment for a pull request: the score, a table, worst first, and folded what is excepted or was not looked at. Ends without a line break. */
export function auditToMarkdown(report: AuditReport): string {
  const { stack, findings, notLookedAt, windowDays, requests } = report
  const open = findings.filter(({ suppressedBy }) => suppressedBy === null)
  const excepted = findings.filter(({ suppressedBy }) => suppressedBy !== null)
  const shown = open.slice(0, mostRows)
  const table = ['', '| Severity | Key | Finding | Where |', '| --- | --- | --- | --- |', ...shown.map(row)]
  const unseen = notLookedAt.map(({ why, rules, liveIds }) => {
    const whose = liveIds.length === 0 ? '' : `, of ${plural(liveIds.length, 'live key')}`
    return `- ${unseenReasons[why]}${whose}: ${rules.map(inertText).join(', ')}`
  })
  return [
    `### Audit of API keys: ${inertText(stack)}`,
    '',
    `**${scoreText(report)}** Of ${inertText(auditedText(report))}. ${plural(windowDays, 'day')} of usage; ${plural(requests, 'request')}.`,
    ...(open.length === 0 ? [] : table),
    ...(open.length === shown.length ? [] : ['', `And ${open.length - shown.length} more findings.`]),
    ...folded(`Excepted (${excepted.length})`, excepted.map(exceptedItem)),
    ...folded('Not looked at', unseen),
  ].join('\n')
}
