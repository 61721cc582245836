import { type AuditFinding, type AuditReport, unseenReasons } from '../../model/audit.ts'
import { type Severity, severities } from '../../model/audit-rule.ts'
import { day, formatDate } from '../../model/duration.ts'
import { countSeverities } from './audit-json.ts'
import type { Palette } from '../text/palette.ts'
import { auditedText } from '../text/subject-text.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { displayWidth, minimumWidth, pad, wrap } from '../text/layout.ts'
import { nameText, plural } from '../text/values.ts'

interface Screen {
  readonly palette: Palette
  readonly width: number
}

const safe = (text: string) => escapeControls(redactSecrets(text))

const severityWidth = Math.max(...severities.map(displayWidth)) + 1

function painted(severity: Severity, { red, yellow, cyan, dim, bold }: Palette): string {
  const label = pad(severity, severityWidth)
  switch (severity) {
    case 'critical':
    case 'high':
      return bold(red(label))
    case 'medium':
      return yellow(label)
    case 'low':
      return cyan(label)
    case 'info':
      return dim(label)
  }
}

function suppressionText({ suppressedBy }: AuditFinding): string | null {
  if (suppressedBy === null) return null
  const { reason, owner, until } = suppressedBy
  const who = owner === null ? '' : `, ${safe(owner)}`
  return `excepted until ${formatDate(until - day)}${who}: ${safe(reason)}`
}

function findingLines(finding: AuditFinding, { palette, width }: Screen): string[] {
  const { severity, rule, message, remedy } = finding
  const { dim } = palette
  const excepted = suppressionText(finding)
  const label = excepted === null ? painted(severity, palette) : dim(pad(severity, severityWidth))
  const indent = ' '.repeat(2 + severityWidth)
  const text = `${safe(message)} ${dim(`(${safe(rule)})`)}`
  return [
    ...wrap(`${label}${excepted === null ? text : dim(text)}`, width, '  ', indent),
    ...wrap(dim(excepted ?? safe(remedy)), width, indent, indent),
  ]
}

function keyTitle({ subject, position }: AuditFinding, { bold, dim }: Palette): string {
  const name = nameText(safe(subject.keyId ?? subject.liveId ?? ''))
  const about = subject.keyId === null ? ` ${dim(nameText(safe(subject.name)))}` : ''
  const place = position === null ? '' : ` ${dim(`${safe(position.file)}:${position.line}`)}`
  return `${bold(name)}${about}${place}`
}

/** Keys in the order of their worst finding, which is that of the findings. */
function byKey(findings: readonly AuditFinding[]): readonly (readonly AuditFinding[])[] {
  const groups = new Map<string, AuditFinding[]>()
  const open = findings.filter(({ suppressedBy }) => suppressedBy === null)
  for (const finding of [...open, ...findings.filter(({ suppressedBy }) => suppressedBy !== null)]) {
    const { keyId, liveId } = finding.subject
    const name = keyId === null ? `/${liveId ?? ''}` : keyId
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [finding])
    else group.push(finding)
  }
  return [...groups.values()]
}

/** How many keys are clean, and how many findings of each severity there are. */
export function scoreText({ findings, keys, known }: AuditReport): string {
  const counts = countSeverities(findings)
  const found = severities
    .toReversed()
    .flatMap(severity => (counts[severity] === 0 ? [] : `${counts[severity]} ${severity}`))
  const suppressed = findings.filter(({ suppressedBy }) => suppressedBy !== null).length
  const parts = [
    found.length === 0 ? `no ${known === null ? '' : 'new '}findings` : found.join(', '),
    ...(suppressed === 0 ? [] : [`${suppressed} excepted`]),
    ...(known === null ? [] : [`${known} known from before left out`]),
  ]
  return `${keys.clean} of ${plural(keys.total, 'key')} clean: ${parts.join('; ')}.`
}

function unseenLines({ notLookedAt }: AuditReport, { palette, width }: Screen): string[] {
  if (notLookedAt.length === 0) return []
  const lines = notLookedAt.flatMap(({ why, rules, liveIds }) => {
    const whose =
      liveIds.length === 0
        ? ''
        : `, of ${liveIds.length > 3 ? plural(liveIds.length, 'live key') : liveIds.map(safe).join(', ')}`
    return wrap(
      palette.dim(`${unseenReasons[why]}${whose}: ${rules.map(safe).join(', ')}`),
      width,
      '  ',
      '    ',
    )
  })
  return ['', palette.bold('Not looked at'), ...lines]
}

/** By key, worst first, what was not looked at, and a line with the score. Ends without a line break. */
export function renderAudit(report: AuditReport, screen: Screen): string {
  const { palette } = screen
  const wide = { palette, width: Math.max(minimumWidth, screen.width) }
  const blocks = byKey(report.findings).flatMap(findings => {
    const [first] = findings
    if (first === undefined) return []
    return [
      ...wrap(keyTitle(first, palette), wide.width, '', '  '),
      ...findings.flatMap(each => findingLines(each, wide)),
      '',
    ]
  })
  const unseen = unseenLines(report, wide)
  return [
    ...blocks,
    ...wrap(palette.bold(scoreText(report)), wide.width, '', '  '),
    ...wrap(
      palette.dim(
        `Of ${auditedText(report)}. ${plural(report.windowDays, 'day')} of usage; ${plural(report.requests, 'request')}.`,
      ),
      wide.width,
      '',
      '  ',
    ),
    ...unseen,
  ].join('\n')
}
