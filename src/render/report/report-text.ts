import { useOf } from '../../lifecycle/last-use.ts'
import type { Outcome, RemovalResult, Report } from '../../model/outcome.ts'
import type { Subject } from '../../model/subject.ts'
import { safeLines } from '../text/failure-text.ts'
import type { Palette } from '../text/palette.ts'
import { countOutcomes } from './report-summary.ts'
import { targetText } from '../text/subject-text.ts'
import { escapeControls } from '../text/escape.ts'
import { breakable, minimumWidth, wrap } from '../text/layout.ts'
import { dateTime } from '../text/time.ts'
import { enumerate, nameText } from '../text/values.ts'

const skippedTexts = {
  interrupted: 'the run was interrupted',
  stopped: 'the run had to stop',
  'earlier-failure': 'something before it failed',
} as const satisfies Record<Extract<Outcome, { readonly status: 'skipped' }>['why'], string>

const removals = {
  unconfirmed: store => `${store} was asked to remove its secret, which cannot be checked`,
  'taken-out': store => `its secret was taken out of ${store}`,
  empty: store => `no secret was left in ${store}`,
  'left-alone': store => `${store} holds something else by now, which was left alone`,
} as const satisfies Record<RemovalResult, (store: string) => string>

/** What came of one change, on one line where it fits: `ci-pipeline: created key_abc in keychain fluxloop/acme/ci-pipeline`. */
export function renderOutcome(
  outcome: Outcome,
  { palette, width }: { readonly palette: Palette; readonly width: number },
): string {
  const line = `${palette.bold(nameText(outcome.change.keyId))}: ${outcomeText(outcome, palette)}`
  return wrap(line, Math.max(minimumWidth, width), '', '  ').join('\n')
}

/**
 * The same while a run is under way, without what its report says at the end: why a change failed or was held, and what was not
 * started. Null: nothing is said of it yet.
 */
export function renderProgress(
  outcome: Outcome,
  options: { readonly palette: Palette; readonly width: number },
): string | null {
  const { red, yellow, bold } = options.palette
  const key = bold(nameText(outcome.change.keyId))
  switch (outcome.status) {
    case 'done':
      return renderOutcome(outcome, options)
    case 'failed':
      return breakable(`${key}: ${red(`failed to ${outcome.change.kind}`)}`)
    case 'held':
      return breakable(`${key}: ${yellow('held')}`)
    case 'skipped':
      return null
  }
}

/** What was not started, by its cause: `The run was interrupted: 12 to create (a, b and 10 more), 1 to revoke (c)`. */
export function notStartedTexts({ outcomes }: Report): readonly string[] {
  const skipped = outcomes.filter(outcome => outcome.status === 'skipped')
  return (['interrupted', 'stopped', 'earlier-failure'] as const).flatMap(why => {
    const changes = skipped.filter(outcome => outcome.why === why).map(({ change }) => change)
    if (changes.length === 0) return []
    const kinds = [...new Set(changes.map(({ kind }) => kind))].map(kind => {
      const keyIds = changes.filter(change => change.kind === kind).map(({ keyId }) => keyId)
      return `${keyIds.length} to ${kind} (${enumerate(keyIds)})`
    })
    return [`${skippedTexts[why]}: ${kinds.join(', ')}`]
  })
}

function outcomeText(outcome: Outcome, palette: Palette): string {
  const { change } = outcome
  switch (outcome.status) {
    case 'done': {
      const places = outcome.places.map(escapeControls).join(', ')
      const action =
        outcome.action === 'revoked' ? palette.red(outcome.action) : palette.green(outcome.action)
      const removed = outcome.removed.map(each => `; ${removals[each.result](escapeControls(each.store))}`)
      return `${action} ${nameText(outcome.liveId)}${places === '' ? '' : ` in ${places}`}${removed.join('')}`
    }
    case 'failed':
      return `${palette.red(`failed to ${change.kind}`)}: ${safeLines(outcome.message).join(' ')}`
    case 'skipped':
      return `${palette.yellow(`not started (${change.kind})`)}: ${skippedTexts[outcome.why]}`
    case 'held':
      return `${palette.yellow('held')}: ${heldText(outcome)}`
  }
}

const noUser = { ip: null, userAgent: null } as const

function heldText({ change, lastUse }: Extract<Outcome, { readonly status: 'held' }>): string {
  const id = 'live' in change ? `${nameText(change.live.id)} ` : ''
  if (!lastUse.known) return `${id}is not revoked, since the platform no longer says whether it is in use`
  // A report has no clock of its own, so the time stands as the platform gave it.
  // Our own check of the secret is not a use, so its address says nothing.
  const isOwn = 'live' in change && useOf({ ...change.live, lastUse }).kind === 'hidden'
  const { ip, userAgent } = isOwn ? noUser : lastUse
  const from = ip === null ? '' : ` from ${escapeControls(ip)}`
  const by = userAgent === null ? '' : ` by ${escapeControls(userAgent)}`
  const when = lastUse.at === null ? 'never' : dateTime(lastUse.at)
  return `${id}is not revoked, since it came into use: last used ${when}${from}${by}`
}

/** What a run did as a whole: to what it did it, what failed and why, what was not done, and the summary as the last line. */
export function renderReport(
  report: Report,
  subject: Subject,
  options: { readonly palette: Palette; readonly width: number; readonly isHeldInPart?: boolean },
): string {
  const { palette } = options
  const width = Math.max(minimumWidth, options.width)
  const sections: string[][] = [wrap(`Applied to ${targetText(subject, palette)}`, width)]
  for (const [status, title] of [
    ['failed', palette.bold(palette.red('Failed:'))],
    ['held', palette.bold(palette.yellow('Held:'))],
  ] as const) {
    const some = report.outcomes.filter(outcome => outcome.status === status)
    if (some.length === 0) continue
    sections.push([title, ...some.flatMap(outcome => listed(outcome, palette, width))])
  }
  const left = notStartedTexts(report)
  if (left.length > 0) {
    const title = palette.bold(palette.yellow('Not started:'))
    sections.push([title, ...left.flatMap(text => wrap(text, width, '  ', '    '))])
  }
  sections.push(wrap(summaryText(report, palette, options.isHeldInPart ?? false), width))
  return sections.map(lines => lines.join('\n')).join('\n\n')
}

function listed(outcome: Outcome, palette: Palette, width: number): string[] {
  const line = `${palette.bold(nameText(outcome.change.keyId))}: ${outcomeText(outcome, palette)}`
  const hints = outcome.status === 'failed' ? outcome.hints.flatMap(safeLines) : []
  return [...wrap(line, width, '  ', '    '), ...hints.flatMap(hint => wrap(hint, width, '    • ', '      '))]
}

function summaryText(report: Report, palette: Palette, isHeldInPart: boolean): string {
  const { actions, done, failed, skipped, held } = countOutcomes(report)
  const { created, adopted, updated, rotated, healed, delivered, released, revoked } = actions
  const parts = [
    `${created} created`,
    ...(adopted > 0 ? [`${adopted} adopted`] : []),
    `${updated} updated`,
    `${rotated} rotated`,
    ...(healed > 0 ? [`${healed} healed`] : []),
    ...(delivered > 0 ? [`${delivered} delivered`] : []),
    ...(released > 0 ? [`${released} released`] : []),
    `${revoked} revoked`,
    ...(held > 0 ? [`${held} held`] : []),
  ].join(', ')
  if (failed + skipped === 0 && isHeldInPart)
    return `${palette.bold(palette.yellow('Apply complete, except for what is held back:'))} ${parts}.`
  if (failed + skipped === 0) return `${palette.bold(palette.green('Apply complete!'))} ${parts}.`
  const title = report.interrupted ? 'Apply incomplete (interrupted):' : 'Apply incomplete:'
  return `${palette.bold(palette.red(title))} ${parts}. ${done} done, ${failed} failed, ${skipped} not started.`
}
