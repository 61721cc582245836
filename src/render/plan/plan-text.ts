import { type Change, type Plan, isHeldInPart, isRefused } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { Finding } from '../../model/finding.ts'
import { needsKeychain } from '../../model/keychain-need.ts'
import { widenedFields } from '../../model/widening.ts'
import { changeBlock } from './change-block.ts'
import { consumersSection } from './consumers.ts'
import { findingText } from './finding-text.ts'
import { homesSection, otherHostsLines } from './homes-text.ts'
import { deferredSection, retiringSection, unmanagedSection } from './key-lists.ts'
import type { PlanAudit } from '../../model/plan-audit.ts'
import type { Palette } from '../text/palette.ts'
import { planAuditSection } from './plan-audit-text.ts'
import { elsewhereText, isOutage, losesAccess, summaryLine } from './plan-summary.ts'
import { planTable, readingOrder } from './plan-table.ts'
import { targetText } from '../text/subject-text.ts'
import { minimumWidth, unbreakable, wrap } from '../text/layout.ts'
import { dateTime } from '../text/time.ts'
import { enumerate, plural } from '../text/values.ts'

interface PlanTextOptions {
  readonly palette: Palette
  /** Columns; Infinity does not wrap. Less than 40 counts as 40. */
  readonly width: number
  /** All details of every change, also the fields that stay as they are, however long that is. */
  readonly full?: boolean
  /** Also where the secret of every key goes, be it touched or not. */
  readonly homes?: boolean
  /** What audit says of it; null: nobody asked. */
  readonly audit?: PlanAudit | null
}

/** A plan with more changes is large: details are shown of those that need a second look, and of at most this many. */
const mostDetailed = 25
/** At most this many other keys, and findings of one code, are named. */
const mostListed = 20

/**
 * A plan for people: what it is about, a table of one row a change, details, retiring keys, unmanaged keys, audit, findings, and the
 * summary as the last line. What a large plan leaves out is counted, and `full` shows it. Ends without a line break.
 */
export function renderPlan(plan: Plan, options: PlanTextOptions): string {
  const { palette, full = false, homes = false, audit = null } = options
  const width = Math.max(minimumWidth, options.width)
  const { now, changes, deferred, retiring, unmanaged, view } = plan
  const drift = view === 'drift'
  const sections: string[][] = [wrap(`Plan for ${targetText(plan, palette)}`, width)]
  if (view !== 'changes') sections.push(wrap(introductions[view](now), width))
  if (changes.length > 0) sections.push(planTable(changes, { palette, width, now, drift, full }))
  sections.push(...detailSections(plan, { palette, width, full }))
  const list = <T>(all: readonly T[], section: (some: readonly T[]) => readonly string[]): void => {
    if (all.length === 0) return
    const some = full ? all : all.slice(0, mostListed)
    const left = all.length - some.length
    sections.push([
      ...section(some),
      ...(left === 0 ? [] : wrap(`and ${left} more; --full lists them`, width, '  ')),
    ])
  }
  list(deferred, some => deferredSection(some, palette, width, now))
  list(retiring, some => retiringSection(some, palette, width, now))
  list(plan.consumers, some => consumersSection(some, palette, width, now))
  list(unmanaged, some => unmanagedSection(some, palette, width, plan))
  if (homes && plan.homes.length > 0) sections.push(homesSection(plan, palette, width))
  const others = otherHostsLines(plan, width)
  if (others.length > 0) sections.push(others)
  const unreachable = keychainLines(plan, palette, width)
  if (unreachable.length > 0) sections.push(unreachable)
  const found = audit === null ? [] : planAuditSection(audit, palette, width)
  if (found.length > 0) sections.push([...found])
  sections.push(...findingSections(plan, { palette, width, full }))
  sections.push([
    ...targetLines(plan, width),
    ...refusedLines(plan, palette, width),
    ...elsewhereLines(plan, width),
    ...heldLines(plan, palette, width),
    ...wrap(palette.bold(summaryLine(plan)), width),
  ])
  return sections.map(lines => lines.join('\n')).join('\n\n')
}

interface Layout {
  readonly palette: Palette
  readonly width: number
  readonly full: boolean
}

/** The changes in the order of the table, each with all that it writes; of a large plan those that need a second look. */
function detailSections(plan: Plan, { palette, width, full }: Layout): string[][] {
  const { now, changes, view, callingKeyId, keychain } = plan
  const drift = view === 'drift'
  const ordered = readingOrder(changes)
  const isLarge = !full && changes.length > mostDetailed
  const detailed = isLarge ? ordered.filter(change => needsLook(change, now)).slice(0, mostDetailed) : ordered
  const left = changes.length - detailed.length
  return [
    ...detailed.map(change =>
      changeBlock(change, { palette, width, detailed: full, now, drift, callingKeyId, keychain }),
    ),
    ...(left === 0
      ? []
      : [
          wrap(
            `Details of ${plural(left, 'change')} are left out. --full shows all of them, and so does --json.`,
            width,
          ),
        ]),
  ]
}

/** What a reader of a large plan is shown in full: more access, less access, and an outage. */
function needsLook(change: Change, now: Instant): boolean {
  return isOutage(change) || widenedFields(change).length > 0 || losesAccess(change, now)
}

/** Secrets that have no place to go, said before anybody approves. */
function keychainLines({ keychain, changes }: Plan, palette: Palette, width: number): string[] {
  if (keychain !== 'missing') return []
  const keyIds = changes.filter(needsKeychain).map(({ keyId }) => keyId)
  if (keyIds.length === 0) return []
  const words = `No keychain works here, and ${enumerate(keyIds)} ${keyIds.length === 1 ? 'has' : 'have'} no fallback: apply would fail there before it makes a key. Unlock or install a keychain (fluxloop-keys doctor checks it), or declare a "fallback:".`
  return wrap(`${palette.bold(palette.yellow('Warning:'))} ${words}`, width, '', '  ')
}

function findingSections(plan: Plan, { palette, width, full }: Layout): string[][] {
  const sections: string[][] = []
  for (const severity of ['warning', 'held', 'refusal'] as const) {
    const seen = new Map<Finding['code'], number>()
    for (const finding of plan.findings) {
      if (finding.severity !== severity) continue
      const before = seen.get(finding.code) ?? 0
      seen.set(finding.code, before + 1)
      if (full || before < mostListed) sections.push(findingLines(finding, plan, palette, width))
    }
    const left = full
      ? 0
      : [...seen.values()].reduce((sum, count) => sum + Math.max(0, count - mostListed), 0)
    if (left > 0)
      sections.push(
        wrap(`${severityLabel(severity, palette)} and ${left} more like these; --full lists them.`, width),
      )
  }
  return sections
}

const introductions = {
  forecast: (now: Instant) =>
    `Forecast for ${unbreakable(dateTime(now))}: what a plan would be then if nothing happened before, neither an apply nor a use of a key. Ages and days are told from that moment. It cannot be applied.`,
  drift: () => 'What was changed on the platform since it was applied, and nothing else. apply sets it back:',
} as const

function findingLines(finding: Finding, { now }: Plan, palette: Palette, width: number): string[] {
  const { message, hint } = findingText(finding, now)
  return wrap(`${severityLabel(finding.severity, palette)} ${message} ${hint}`, width, '', '  ')
}

function severityLabel(severity: Finding['severity'], { bold, red, yellow }: Palette): string {
  const labels = {
    refusal: red('Refused:'),
    held: yellow('Held back:'),
    warning: yellow('Warning:'),
  } as const
  return bold(labels[severity])
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
