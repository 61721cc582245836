import type { Instant } from '../../model/duration.ts'
import { type LiveKey, regeneratedAt } from '../../model/live-key.ts'
import { grants, inShownOrder, permissionLabels, shownPermissions } from '../../model/permission-labels.ts'
import { everyPermission, type Permissions } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import { calendarDay } from './calendar-day.ts'
import { expiryLine, lastUseInWords, ownerInWords } from './key-words.ts'
import { maskedKey } from './masked-key.ts'
import type { Palette } from '../text/palette.ts'
import { type UsageFigures, usageLines } from '../audit/usage-text.ts'
import { escapeControls } from '../text/escape.ts'
import { minimumWidth, wrap } from '../text/layout.ts'
import { plural } from '../text/values.ts'

export interface KeyDetailsStyle {
  readonly palette: Palette
  readonly width: number
  readonly isTerminal: boolean
  /** The server's clock. */
  readonly now: Instant
  readonly timeZone: string
}

/** The figures of that many days; null where the platform gives none. */
export interface ShownUsage {
  readonly figures: UsageFigures | null
  readonly days: number
}

function scopeLines(scope: Scope): readonly string[] {
  if (scope === 'all') return ['Scope: All Projects']
  return [`Scope: ${plural(scope.length, 'project')}`, ...scope.map(name => `  • ${name}`)]
}

/** All nine, the page's five first; then what this version does not know. */
function permissionLines(permissions: Permissions): readonly string[] {
  const known: readonly string[] = [...shownPermissions, everyPermission]
  const unknown = inShownOrder(permissions).filter(name => !known.includes(name))
  return [
    ...shownPermissions.map(name => `  ${grants(permissions, name) ? '✅' : '❌'} ${permissionLabels[name]}`),
    ...unknown.map(name => `  ✅ ${name}`),
  ]
}

function lastUseLines({ lastUse }: LiveKey, now: Instant): readonly string[] {
  const first = `Last used: ${lastUseInWords(lastUse, now)}`
  if (!lastUse.known || lastUse.at === null) return [first]
  return [
    first,
    ...(lastUse.ip === null ? [] : [`  IP: ${lastUse.ip}`]),
    ...(lastUse.location === null ? [] : [`  Location: ${lastUse.location}`]),
    ...(lastUse.userAgent === null ? [] : [`  User Agent: ${lastUse.userAgent}`]),
  ]
}

/** Everything about one key, as on the platform's page. Ends without a line break. */
export function renderKeyDetails(key: LiveKey, usage: ShownUsage, style: KeyDetailsStyle): string {
  const { palette, now, timeZone, isTerminal } = style
  const width = Math.max(minimumWidth, style.width)
  const plain = (lines: readonly string[]) =>
    lines.flatMap(line => {
      const indent = /^ */.exec(line)?.[0] ?? ''
      return wrap(escapeControls(line.trimStart()), width, indent, `${indent}  `)
    })
  const owner = ownerInWords(key.ownership)
  const regenerated = regeneratedAt(key)
  const figures =
    usage.figures === null
      ? [palette.bold(`Usage (Last ${usage.days} days):`), '  Not available']
      : usageLines(usage.figures, usage.days, { palette, width, bars: isTerminal })
  return [
    ...wrap(palette.bold(`API Key: ${escapeControls(key.name)}`), width, '', '  '),
    '',
    ...plain([
      `Key ID: ${key.id}`,
      `Key: ${maskedKey(key)}`,
      ...(key.description === '' ? [] : [`Description: ${key.description}`]),
      `Created: ${calendarDay(key.createdAt, timeZone)}`,
      ...(regenerated === null ? [] : [`Regenerated: ${calendarDay(regenerated, timeZone)}`]),
      expiryLine(key, now, timeZone),
      ...(owner === null ? [] : [`Managed by: ${owner}`]),
    ]),
    '',
    ...plain(scopeLines(key.scope)),
    '',
    palette.bold('Permissions:'),
    ...plain(permissionLines(key.permissions)),
    '',
    ...figures,
    '',
    ...plain(lastUseLines(key, now)),
  ].join('\n')
}
