import { diffWordsWithSpace } from 'diff'
import type { FieldValues } from '../../model/field-change.ts'
import type { Instant } from '../../model/duration.ts'
import type { Permissions } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import type { Palette } from '../text/palette.ts'
import { date, dateTime, isoTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { enumerate, listText, nameText } from '../text/values.ts'

/** That many words may differ before a text counts as another one altogether, which keeps long texts cheap to compare. */
const maxEdits = 200

/** `current → desired`: what goes in red, what comes in green, and what stays without colour. */
export function fieldDiff(values: FieldValues, palette: Palette): string {
  switch (values.field) {
    case 'name':
    case 'description':
      return textDiff(values.current, values.desired, palette)
    case 'scope':
    case 'permissions':
      return listDiff(values.current, values.desired, palette)
    case 'expires':
      return endDiff(values.current, values.desired, palette)
    case 'key id':
    case 'state':
    case 'stack':
    case 'signature':
    case 'protect':
      return arrow(palette.red(String(values.current)), palette.green(String(values.desired)))
  }
}

function arrow(current: string, desired: string): string {
  return `${current} → ${desired}`
}

function textDiff(current: string, desired: string, palette: Palette): string {
  const parts = diffWordsWithSpace(current, desired, { maxEditLength: maxEdits }) ?? [
    { value: current, removed: true, added: false },
    { value: desired, removed: false, added: true },
  ]
  let before = ''
  let after = ''
  for (const { value, added, removed } of parts) {
    const text = escapeControls(value).replaceAll('"', '\\"')
    if (!added) before += removed ? palette.red(text) : text
    if (!removed) after += added ? palette.green(text) : text
  }
  return arrow(`"${before}"`, `"${after}"`)
}

/** More items than that of one list are for the details. */
const maxItems = 4

/** What is added and what is taken away: `+read_results -delete_scenarios`; of long lists the first items, where `most` says so. */
function listSteps(
  current: readonly string[],
  desired: readonly string[],
  { green, red }: Palette,
  most = Infinity,
): string {
  const steps = [
    ...desired.filter(item => !current.includes(item)).map(item => green(`+${nameText(item)}`)),
    ...current.filter(item => !desired.includes(item)).map(item => red(`-${nameText(item)}`)),
  ]
  if (steps.length <= most + 1) return steps.join(' ')
  return `${steps.slice(0, most).join(' ')} and ${steps.length - most} more`
}

function listDiff(current: Scope | Permissions, desired: Scope | Permissions, palette: Palette): string {
  if (current === 'all' || desired === 'all')
    return arrow(palette.red(listText(current)), palette.green(listText(desired)))
  const kept = current.filter(item => desired.includes(item))
  const steps = listSteps(current, desired, palette)
  return kept.length === 0 ? steps : `${steps} (stays: ${listText(kept)})`
}

/** Two ends of one day differ in their time, and two of one minute in their seconds. */
function endTexts(ends: readonly (Instant | null)[]): readonly string[] {
  const texts = [date, dateTime, isoTime].map(text => ends.map(end => (end === null ? 'never' : text(end))))
  return texts.find(([a, b]) => a !== b) ?? texts.at(-1) ?? []
}

function endDiff(current: Instant | null, desired: Instant | null, palette: Palette): string {
  const [before = '', after = ''] = endTexts([current, desired]).map(unbreakable)
  return arrow(palette.red(before), palette.green(after))
}

/** Whether a reader of plans could tell the two values apart: two ends within a minute read alike. */
export function looksDifferent({ field, current, desired }: FieldValues): boolean {
  if (field !== 'expires' || current === null || desired === null) return true
  return dateTime(current) !== dateTime(desired)
}

/** A field in a row of a table: `scope +sales-assistant -analytics-agent`, `expires → never`, `name`. */
export function shortDiff(values: FieldValues, palette: Palette): string {
  const { field } = values
  switch (field) {
    case 'name':
    case 'description':
      return field
    case 'scope':
    case 'permissions':
      return values.current === 'all' || values.desired === 'all'
        ? `${field} → ${enumerateOf(values.desired)}`
        : `${field} ${listSteps(values.current, values.desired, palette, maxItems)}`
    case 'expires':
      return `expires → ${unbreakable(endTexts([values.current, values.desired])[1] ?? '')}`
    case 'key id':
      return `renamed from ${nameText(values.current)}`
    case 'stack':
      return `from the stack ${nameText(values.current)}`
    case 'state':
    case 'signature':
    case 'protect':
      return `${field} → ${String(values.desired)}`
  }
}

function enumerateOf(list: Scope | Permissions): string {
  return list === 'all' ? 'all' : enumerate(list)
}
