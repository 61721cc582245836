import { type Change, type Plan, isHeldInPart, isRefused } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { appearance, changeBlock, symbols } from './change-block.ts'
import { findingText } from './findings.ts'
import { homesSection, otherHostsLines } from './homes.ts'
import { deferredSection, retiringSection, unmanagedSection } from './key-lists.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import type { Palette } from './palette.ts'
import { planAuditSection } from './plan-audit.ts'
import { elsewhereText, summaryLine } from './plan-summary.ts'
import { paintMark } from './rows.ts'
import { subjectText } from './subject.ts'
import { minimumWidth, unbreakable, wrap } from './text.ts'
import { dateTime } from './time.ts'
import { enumerate } from './values.ts'

interface PlanTextOptions {
  readonly palette: Palette
  /** Columns; Infinity does not wrap. Less than 40 counts as 40. */
  readonly width: number
  /** Also the fields that stay as they are. */
  readonly detailed?: boolean
  /** Also where the secret of every key goes, be it touched or not. */
  readonly homes?: boolean
  /** What audit says of it; null: nobody asked. */
  readonly audit?: PlanAudit | null
}

/**
 * A plan for people, in Terraform's words and symbols: what it is about, changes, retiring keys, unmanaged keys, audit, findings, and the summary
 * as the last line. Ends without a line break.
 */
export function renderPlan(plan: Plan, options: PlanTextOptions): string {
  const { palette, detailed = false, homes = false, audit = null } = options
  const width = Math.max(minimumWidth, options.width)
  const { now, changes, deferred, retiring, unmanaged, findings, view, callingKeyId, keychain } = plan
  const sections: string[][] = [wrap(`Plan for ${subjectText(plan)}`, width)]
  if (view !== 'changes') sections.push(wrap(introductions[view](now), width))
  if (changes.length > 0 && view !== 'drift') sections.push(legend(changes, palette, width))
  for (const change of changes) {
    const drift = view === 'drift'
    sections.push(changeBlock(change, { palette, width, detailed, now, drift, callingKeyId, keychain }))
  }
  if (deferred.length > 0) sections.push(deferredSection(deferred, palette, width, now))
  if (retiring.length > 0) sections.push(retiringSection(retiring, palette, width, now))
  if (unmanaged.length > 0) sections.push(unmanagedSection(unmanaged, palette, width, now))
  if (homes && plan.homes.length > 0) sections.push(homesSection(plan, palette, width))
  const others = otherHostsLines(plan, width)
  if (others.length > 0) sections.push(others)
  const found = audit === null ? [] : planAuditSection(audit, palette, width)
  if (found.length > 0) sections.push([...found])
  for (const severity of ['warning', 'held', 'refusal'] as const) {
    for (const finding of findings) {
      if (finding.severity === severity) sections.push(findingLines(finding, plan, palette, width))
    }
  }
  sections.push([
    ...targetLines(plan, width),
    ...refusedLines(plan, palette, width),
    ...elsewhereLines(plan, width),
    ...heldLines(plan, palette, width),
    ...wrap(palette.bold(summaryLine(plan)), width),
  ])
  return sections.map(lines => lines.join('\n')).join('\n\n')
}

const introductions = {
  forecast: (now: Instant) =>
    `Forecast for ${unbreakable(dateTime(now))}: what a plan would be then if nothing happened before, neither an apply nor a use of a key. Ages and days are told from that moment. It cannot be applied.`,
  drift: () => 'What was changed on the platform since it was applied, and nothing else. apply sets it back:',
} as const

/** Only the symbols that this plan uses. */
function legend(changes: readonly Change[], palette: Palette, width: number): string[] {
  const used = new Map(
    Object.entries(symbols)
      .filter(([look]) => changes.some(change => appearance(change) === look))
      .map(([, { mark, words }]) => [mark, words] as const),
  )
  return [
    ...wrap('Actions are indicated with the following symbols:', width),
    ...[...used].flatMap(([mark, words]) => {
      const lead = `${' '.repeat(3 - mark.length)}${paintMark(mark, palette)} `
      return wrap(words, width, lead, '      ')
    }),
  ]
}

function findingLines(finding: Finding, { now }: Plan, palette: Palette, width: number): string[] {
  const { message, hint } = findingText(finding, now)
  const label = {
    refusal: palette.red('Refused:'),
    held: palette.yellow('Held back:'),
    warning: palette.yellow('Warning:'),
  }[finding.severity]
  return wrap(`${palette.bold(label)} ${message} ${hint}`, width, '', '  ')
}

/** A plan of some keys must not be taken for a plan of all. */
function targetLines({ targets: { only, except } }: Plan, width: number): string[] {
  const parts = [
    ...(only.length > 0 ? [`only ${enumerate(only)}`] : []),
    ...(except.length > 0 ? [`except ${enumerate(except)}`] : []),
  ]
  return parts.length === 0 ? [] : wrap(`Targets: ${parts.join(', ')}. Other keys are left out.`, width)
}

/** A plan without changes says it in its last line. */
function elsewhereLines(plan: Plan, width: number): string[] {
  const text = plan.changes.length === 0 ? null : elsewhereText(plan)
  return text === null ? [] : wrap(text, width)
}

function refusedLines(plan: Plan, palette: Palette, width: number): string[] {
  if (!isRefused(plan)) return []
  return wrap(palette.red('This plan is refused: apply would do none of it.'), width)
}

function heldLines(plan: Plan, palette: Palette, width: number): string[] {
  if (isRefused(plan) || !isHeldInPart(plan) || plan.changes.length === 0) return []
  return wrap(
    palette.yellow('What is held back is left as it is; apply would do the rest and exit with 7.'),
    width,
  )
}
