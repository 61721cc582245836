import type { Instant } from '../../model/duration.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { calendarDay } from './calendar-day.ts'
import { lastUseInWords, scopeInWords } from './key-words.ts'
import { maskedKey } from './masked-key.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls } from '../text/escape.ts'
import { minimumWidth, wrap } from '../text/layout.ts'
import { durationInWords, relativeTime } from '../text/time.ts'

/** The screens of the commands that make, replace and end keys, in the words of the platform's page on API keys. */

export interface ScreenOptions {
  readonly palette: Palette
  readonly width: number
  readonly now: Instant
  readonly timeZone: string
}

function columns({ width }: Pick<ScreenOptions, 'width'>): number {
  return Math.max(minimumWidth, width)
}

function item(text: string, options: Pick<ScreenOptions, 'width'>): string {
  return wrap(text, columns(options), '  • ', '    ').join('\n')
}

function field(label: string, value: string, options: ScreenOptions, indent = ''): string {
  return wrap(`${label}: ${value}`, columns(options), indent, `${indent}  `).join('\n')
}

/** `✅ API key created successfully`. */
export function success(what: 'created' | 'regenerated' | 'deleted' | 'updated', palette: Palette): string {
  return palette.bold(palette.green(`✅ API key ${what} successfully`))
}

/** `Apr 15, 2024 (90 days)`: the end of a key that was just made. */
function endOfNew({ expiresAt, createdAt }: LiveKey, { timeZone }: ScreenOptions): string {
  if (expiresAt === null) return 'Never'
  return `${calendarDay(expiresAt, timeZone)} (${durationInWords(expiresAt - createdAt)})`
}

/** `Key details:` below the box of a new key. */
export function newKeyDetails(live: LiveKey, options: ScreenOptions): string {
  return [
    options.palette.bold('Key details:'),
    field('Name', escapeControls(live.name), options, '  '),
    field('Scope', escapeControls(scopeInWords(live.scope)), options, '  '),
    field('Expires', endOfNew(live, options), options, '  '),
  ].join('\n')
}

/** Where a secret is, when no screen shows it. */
export function placesOf(places: readonly string[], options: ScreenOptions): string {
  return [
    options.palette.bold('The secret is in:'),
    ...places.map(place => item(escapeControls(place), options)),
  ].join('\n')
}

function warning(text: string, { palette }: ScreenOptions): string {
  return palette.bold(`⚠️ ${palette.yellow('Warning:')} ${text}`)
}

/** What stands above the question of `apikeys regenerate`. */
export function regenerationWarning(live: LiveKey, options: ScreenOptions): string {
  return [
    warning('The old key will be immediately revoked', options),
    '',
    field('Key', `${escapeControls(live.name)} (${maskedKey(live)})`, options),
    field('Last used', lastUseInWords(live.lastUse, options.now), options),
    '',
    'After regeneration:',
    item('The old key will stop working immediately', options),
    item("You'll need to update the key in all systems using it", options),
    item('A new key will be generated with the same permissions', options),
  ].join('\n')
}

/** What is left to do after a regeneration whose secret nobody delivered. */
export function regenerationAftermath(options: ScreenOptions): string {
  return [
    options.palette.bold(`⚠️ ${options.palette.yellow('Action required:')}`),
    ...wrap('Update the API key in the following locations:', columns(options)),
    item('CI/CD environment variables', options),
    item('Local .env files', options),
    item('Any scripts or applications using this key', options),
  ].join('\n')
}

/** What stands above the question of `apikeys delete`. */
export function deletionWarning(live: LiveKey, options: ScreenOptions): string {
  return [
    warning('This action cannot be undone', options),
    '',
    field('Key', escapeControls(live.name), options),
    field('Created', relativeTime(live.createdAt, options.now), options),
    field('Last used', lastUseInWords(live.lastUse, options.now), options),
    '',
    ...wrap('This key will be permanently revoked and cannot be recovered.', columns(options)),
  ].join('\n')
}
