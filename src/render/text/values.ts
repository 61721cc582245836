import { plural as counted } from '../../model/plural.ts'
import type { Instant } from '../../model/duration.ts'
import { useOf } from '../../lifecycle/last-use.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { Permissions } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import { type StoreSpec, storeLabel } from '../../model/store.ts'
import { date, dateTime, relativeTime } from './time.ts'
import { escapeControls, quote } from './escape.ts'
import { unbreakable } from './layout.ts'

/** A name or id, safe to print and kept on one line. Names that could run into the text around them are quoted. */
export function nameText(name: string): string {
  return unbreakable(/^[\w.:/@*-]+$/.test(name) ? name : quote(name))
}

/** A key's display name: always quoted, never broken. */
export function quotedName(name: string): string {
  return unbreakable(quote(name))
}

/** More names than that in one sentence help nobody; JSON has all of them. */
const maxNames = 10

/** `a, b and c`, for sentences; of many names the first ones and how many more there are. */
export function enumerate(names: readonly string[]): string {
  return enumerateTexts(names.map(nameText))
}

/** The same for texts that are safe to print. */
export function enumerateTexts(all: readonly string[]): string {
  const texts = all.length > maxNames + 1 ? all.slice(0, maxNames) : [...all]
  if (texts.length < all.length) texts.push(`${all.length - texts.length} more`)
  if (texts.length < 2) return texts.join('')
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`
}

/** `2 keys`, `1 key`. */
export const plural = counted

export function listItems(list: Scope | Permissions): readonly string[] {
  if (list === 'all') return ['all']
  return list.length === 0 ? ['(none)'] : list.map(nameText)
}

/** `a, b`; `all` for every project. */
export function listText(list: Scope | Permissions): string {
  return listItems(list).join(', ')
}

/** `2027-02-20 (in 90 days)`, or `never`. */
export function endText(end: Instant | null, now: Instant): string {
  return end === null ? 'never' : `${date(end)} (${relativeTime(end, now)})`
}

/** Where a secret goes, with the fallback that the configuration names, and whether it would be used; null: nobody asked. */
export function storeText(spec: StoreSpec, keychain: 'works' | 'missing' | null): string {
  const label = escapeControls(storeLabel(spec))
  if (spec.kind !== 'keychain') return label
  if (spec.fallback === null) return keychain === 'missing' ? `${label} (no keychain works here)` : label
  const fallback = storeText(spec.fallback, keychain)
  switch (keychain) {
    case null:
      return `${label} (where there is no keychain service: ${fallback})`
    case 'works':
      return `${label} (not its fallback: ${fallback})`
    case 'missing':
      return `${fallback} (the fallback: here the keychain does not work)`
  }
}

type UsedKey = Pick<LiveKey, 'lastUse' | 'ownership'>

/** `2 hours ago`, `never`, `unknown`. Our own checks of a secret are not use of it. */
export function lastUseShort(live: UsedKey, now: Instant): string {
  const use = useOf(live)
  switch (use.kind) {
    case 'unknown':
    case 'hidden':
      return 'unknown'
    case 'never':
      return 'never'
    case 'used':
      return sinceUse(use.at, now)
  }
}

/** Where the platform tells the day alone, its end may be yet to come. */
function sinceUse(at: Instant, now: Instant): string {
  return relativeTime(Math.min(at, now), now)
}

/** `2 hours ago (2026-11-22 12:05 UTC) from 203.0.113.7 (Berlin) by curl/8.5`. */
export function lastUseLong(live: UsedKey, now: Instant): string {
  const use = useOf(live)
  if (use.kind === 'hidden')
    return `unknown, since fluxloop-keys itself checked it ${sinceUse(use.at, now)} (${dateTime(use.at)})`
  const { lastUse } = live
  if (use.kind !== 'used' || !lastUse.known) return lastUseShort(live, now)
  const place = lastUse.location === null ? '' : ` (${escapeControls(lastUse.location)})`
  const from = lastUse.ip === null ? '' : ` from ${escapeControls(lastUse.ip)}${place}`
  const by = lastUse.userAgent === null ? '' : ` by ${escapeControls(lastUse.userAgent)}`
  return `${sinceUse(use.at, now)} (${dateTime(use.at)})${from}${by}`
}

/** The same as a clause: `last used 2 hours ago (…)`, `never used`, `its last use is unknown`. */
export function lastUseClause(live: UsedKey, now: Instant): string {
  const { kind } = useOf(live)
  if (kind === 'never') return 'never used'
  return kind === 'used' ? `last used ${lastUseLong(live, now)}` : `its last use is ${lastUseLong(live, now)}`
}
