import type { Deferred, Retiring } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Palette } from './palette.ts'
import { renewalText, retiringText } from './reasons.ts'
import { date, dateTime, durationInWords, relativeTime } from './time.ts'
import { displayWidth, escapeControls, pad, unbreakable, wrap } from './text.ts'
import { lastUseLong, lastUseShort, listText, nameText, quotedName } from './values.ts'

/** What a key that has to go waits for, and how to hurry it. */
export function waitText({ live, wait }: Pick<Retiring, 'live' | 'wait'>, now: Instant): string {
  const flag = unbreakable(`--revoke-in-use ${escapeControls(live.id)}`)
  switch (wait.code) {
    case 'grace':
      return `its grace ends ${unbreakable(dateTime(wait.until))} (${relativeTime(wait.until, now)})`
    case 'in-use':
      return `held, since it is in use: last used ${lastUseLong(wait.lastUse, now)}; it must not be used for ${durationInWords(wait.quiet)}. To revoke it anyway: ${flag}`
    case 'usage-unknown':
      return `held, since the platform does not say whether it is in use. To revoke it anyway: ${flag}`
    case 'successor-pending':
      return 'held until its successor is delivered'
    case 'predecessor-alive':
      return `held until its predecessor ${unbreakable(escapeControls(wait.liveId))} is gone`
    case 'another-first':
      return `held until ${unbreakable(escapeControls(wait.liveId))} is revoked: of one key, one generation is revoked in a run`
    case 'over-limit':
      return 'held, since more keys would be revoked than the limit allows'
    case 'key-held':
      return 'held, as long as a declared key is held back'
    case 'young':
      return `held until ${unbreakable(dateTime(wait.until))} (${relativeTime(wait.until, now)}), since it was only just made. To revoke it anyway: ${flag}`
  }
}

/** Until when a rotation may wait. */
export function deferralText({ until }: Pick<Deferred, 'until'>, now: Instant): string {
  const last =
    until === null
      ? ''
      : `, at the latest the first one after ${unbreakable(dateTime(until))} (${relativeTime(until, now)})`
  return `deferred to a later run${last}`
}

/** `Deferred:` and a paragraph for each key that is due, and that a later run rotates. */
export function deferredSection(
  deferred: readonly Deferred[],
  palette: Palette,
  width: number,
  now: Instant,
): string[] {
  return [
    palette.bold('Deferred:'),
    ...deferred.flatMap(each => {
      const key = `${nameText(each.keyId)} ${palette.dim(`(${nameText(each.live.id)})`)}`
      const reasons = each.reasons.map(reason => renewalText(reason, now)).join('; ')
      return wrap(`${key}: ${reasons}; ${deferralText(each, now)}`, width, '  ', '    ')
    }),
  ]
}

/** `Retiring:` and a paragraph for each key that will be revoked, but not now. */
export function retiringSection(
  retiring: readonly Retiring[],
  palette: Palette,
  width: number,
  now: Instant,
): string[] {
  return [
    palette.bold('Retiring:'),
    ...retiring.flatMap(each => {
      const key = `${nameText(each.keyId)} ${palette.dim(`(${nameText(each.live.id)}, generation ${each.generation})`)}`
      return wrap(`${key}: ${retiringText(each)}; ${waitText(each, now)}`, width, '  ', '    ')
    }),
  ]
}

const columns = ['Name', 'Key', 'Created', 'Last used', 'Permissions'] as const
const gap = '  '
/** The last column wraps; below this width its cells would be ragged, and each key gets lines of its own. */
const minimumLast = 17

/** `Unmanaged keys:` as a table, or as a paragraph for each key where the table is too wide. */
export function unmanagedSection(
  keys: readonly LiveKey[],
  palette: Palette,
  width: number,
  now: Instant,
): string[] {
  const cells = keys.map(key => [
    quotedName(key.name),
    unbreakable(escapeControls(key.maskedKey)),
    date(key.createdAt),
    unbreakable(lastUseShort(key.lastUse, now)),
    listText(key.permissions),
  ])
  const widths = columns.map((title, index) =>
    [title, ...cells.map(row => row[index] ?? '')].reduce(
      (most, cell) => Math.max(most, displayWidth(cell)),
      0,
    ),
  )
  const fixed = widths.slice(0, -1).reduce((sum, column) => sum + column + gap.length, gap.length)
  const lines =
    fixed + Math.min(minimumLast, widths.at(-1) ?? 0) <= width
      ? tableLines([[...columns], ...cells], widths, fixed, width, palette)
      : keys.flatMap((_, row) => stackedLines(cells[row] ?? [], palette, width))
  return [palette.bold('Unmanaged keys:'), ...lines]
}

function tableLines(
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  fixed: number,
  width: number,
  palette: Palette,
): string[] {
  return rows.flatMap((row, index) => {
    const paint = index === 0 ? palette.dim : (text: string) => text
    const lead =
      gap +
      row
        .slice(0, -1)
        .map((cell, column) => pad(cell, widths[column] ?? 0) + gap)
        .join('')
    const lines = wrap(unbreakable(lead) + (row.at(-1) ?? ''), width, '', ' '.repeat(fixed))
    return lines.map(line => paint(line))
  })
}

function stackedLines([name = '', ...values]: readonly string[], palette: Palette, width: number): string[] {
  return [
    ...wrap(name, width, gap),
    ...values.flatMap((value, index) => {
      const title = columns[index + 1] ?? ''
      return wrap(`${palette.dim(`${title}:`)} ${value}`, width, '    ', '      ')
    }),
  ]
}
