import type { Deferred, Plan, Retiring } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { Palette } from '../text/palette.ts'
import { renewalText, retiringText } from './reasons.ts'
import { date, dateTime, durationInWords, relativeTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { displayWidth, pad, unbreakable, wrap } from '../text/layout.ts'
import { lastUseClause, lastUseShort, listText, nameText, quotedName } from '../text/values.ts'

/** What a key that has to go waits for, and how to hurry it. */
export function waitText({ live, wait }: Pick<Retiring, 'live' | 'wait'>, now: Instant): string {
  const flag = unbreakable(`--revoke-in-use ${escapeControls(live.id)}`)
  switch (wait.code) {
    case 'grace':
      return `its grace ends ${unbreakable(dateTime(wait.until))} (${relativeTime(wait.until, now)})`
    case 'in-use':
      return `held, since it is in use: ${lastUseClause({ ...live, lastUse: wait.lastUse }, now)}; it must not be used for ${durationInWords(wait.quiet)}. To revoke it anyway: ${flag}`
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

const gap = '  '

interface Column {
  readonly title: string
  readonly cell: (key: LiveKey, { now, callingLiveId }: Moment) => string
}

/** When the plan was made, and with which key. */
type Moment = Pick<Plan, 'now' | 'callingLiveId'>

/** The use by our own run says nothing of who else needs the key. */
function lastUseCell(key: LiveKey, { now, callingLiveId }: Moment): string {
  return key.id === callingLiveId ? 'by this run' : lastUseShort(key, now)
}

const nameColumn: Column = { title: 'Name', cell: ({ name }) => quotedName(name) }
const columns: readonly Column[] = [
  { title: 'Key id', cell: ({ id }) => nameText(id) },
  { title: 'Created', cell: ({ createdAt }) => date(createdAt) },
  { title: 'Last used', cell: (key, moment) => unbreakable(lastUseCell(key, moment)) },
  { title: 'Expires', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : date(expiresAt)) },
]
const permissionsColumn: Column = { title: 'Permissions', cell: ({ permissions }) => listText(permissions) }
/** The last column wraps; below this width its cells would be ragged. */
const minimumLast = 17

/** `Unmanaged keys:` as a table; where that is too wide, two lines or more for each key. */
export function unmanagedSection(
  keys: readonly LiveKey[],
  palette: Palette,
  width: number,
  moment: Moment,
): string[] {
  const fixed = [nameColumn, ...columns]
  const widths = fixed.map(({ title, cell }) =>
    Math.max(displayWidth(title), ...keys.map(key => displayWidth(cell(key, moment)))),
  )
  const indent = widths.reduce((sum, column) => sum + column + gap.length, gap.length)
  const row = (cells: readonly string[], last: string) => {
    const lead = gap + cells.map((cell, index) => pad(cell, widths[index] ?? 0) + gap).join('')
    return wrap(unbreakable(lead) + last, width, '', ' '.repeat(indent))
  }
  const longest = Math.max(...keys.map(key => displayWidth(permissionsColumn.cell(key, moment))))
  const lines =
    indent + Math.min(minimumLast, longest) > width
      ? keys.flatMap(key => stackedLines(key, palette, width, moment))
      : [
          ...row(
            fixed.map(({ title }) => title),
            permissionsColumn.title,
          ).map(palette.dim),
          ...keys.flatMap(key =>
            row(
              fixed.map(({ cell }) => cell(key, moment)),
              permissionsColumn.cell(key, moment),
            ),
          ),
        ]
  return [palette.bold('Unmanaged keys:'), ...lines]
}

function stackedLines(key: LiveKey, palette: Palette, width: number, moment: Moment): string[] {
  const [name, ...values] = [nameColumn, ...columns, permissionsColumn].map(({ title, cell }) => ({
    title,
    value: cell(key, moment),
  }))
  const described = values.map(
    ({ title, value }) => `${palette.dim(`${unbreakable(title.toLowerCase())}:`)} ${value}`,
  )
  return [...wrap(name?.value ?? '', width, gap), ...wrap(described.join(', '), width, '    ')]
}
