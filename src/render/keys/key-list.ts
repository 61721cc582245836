import type { Instant } from '../../model/duration.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { type BoxLine, boxes } from './box.ts'
import { calendarDay } from './calendar-day.ts'
import { expiryLine, lastUseInWords, ownerInWords, permissionsInWords, scopeInWords } from './key-words.ts'
import { hiddenKey, maskedKey } from './masked-key.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls } from '../text/escape.ts'
import { wrap } from '../text/layout.ts'

export interface KeyListStyle {
  readonly palette: Palette
  readonly width: number
  /** The server's clock when the keys were listed. */
  readonly now: Instant
  readonly timeZone: string
  /** Show the masked keys as the platform sends them, instead of their prefixes alone. */
  readonly showKeys: boolean
}

/** The names that several keys have: only their ids tell them apart. */
function sharedNames(keys: readonly LiveKey[]): ReadonlySet<string> {
  const seen = new Set<string>()
  return new Set(keys.map(({ name }) => name).filter(name => seen.has(name) || !seen.add(name)))
}

function card(key: LiveKey, shared: ReadonlySet<string>, style: KeyListStyle): readonly BoxLine[] {
  const { palette, now, timeZone, showKeys } = style
  const owner = ownerInWords(key.ownership)
  const lines = [
    ...(shared.has(key.name) ? [`Key ID: ${key.id}`] : []),
    `Key: ${showKeys ? maskedKey(key) : hiddenKey(key)}`,
    `Created: ${calendarDay(key.createdAt, timeZone)}`,
    expiryLine(key, now, timeZone),
    `Last used: ${lastUseInWords(key.lastUse, now)}`,
    `Scope: ${scopeInWords(key.scope)}`,
    `Permissions: ${permissionsInWords(key.permissions)}`,
    ...(owner === null ? [] : [`Managed by: ${owner}`]),
  ]
  return [
    { text: escapeControls(key.name), paint: palette.bold },
    ...lines.map(line => ({ text: escapeControls(line) })),
  ]
}

function count(shown: number, all: number): string {
  const noun = all === 1 ? 'API key' : 'API keys'
  return shown === all ? `Total: ${all} ${noun}` : `Total: ${shown} of ${all} ${noun}`
}

/** The keys that were selected out of `all`, a box for each, as on the platform's page. Ends without a line break. */
export function renderKeyList(
  shown: readonly LiveKey[],
  all: readonly LiveKey[],
  style: KeyListStyle,
): string {
  const { palette, width } = style
  if (all.length === 0)
    return wrap('There are no API keys yet. `fluxloop-keys apikeys create` makes one.', width).join('\n')
  if (shown.length === 0) {
    const none = all.length === 1 ? 'The one API key does not fit' : `None of the ${all.length} API keys fits`
    return wrap(`${none}. Without filters, \`fluxloop-keys apikeys list\` shows all.`, width).join('\n')
  }
  const shared = sharedNames(all)
  const cards = boxes(
    shown.map(key => card(key, shared, style)),
    style,
  )
  return [palette.bold('API Keys'), ...cards, count(shown.length, all.length)].join('\n\n')
}
