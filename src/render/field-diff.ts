import { diffWordsWithSpace } from 'diff'
import type { FieldChange } from '../model/field-change.ts'
import type { Instant } from '../model/duration.ts'
import type { Permissions } from '../model/permission.ts'
import type { Scope } from '../model/scope.ts'
import type { Palette } from './palette.ts'
import { date, dateTime, isoTime } from './time.ts'
import { escapeControls, unbreakable } from './text.ts'
import { listItems } from './values.ts'

/** A field's values; what distinguishes a change of the model beside its cause. */
export type FieldValues = FieldChange extends infer Each
  ? Each extends FieldChange
    ? Pick<Each, 'field' | 'current' | 'desired'>
    : never
  : never

/** So many words may differ before a text counts as another one altogether, which keeps long texts cheap to compare. */
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

function listDiff(current: Scope | Permissions, desired: Scope | Permissions, palette: Palette): string {
  const [before, after] = [listItems(current), listItems(desired)]
  return arrow(
    before.map(item => (after.includes(item) ? item : palette.red(item))).join(', '),
    after.map(item => (before.includes(item) ? item : palette.green(item))).join(', '),
  )
}

function endDiff(current: Instant | null, desired: Instant | null, palette: Palette): string {
  // Two ends on one day differ in their time only.
  const sameDay = current !== null && desired !== null && date(current) === date(desired)
  const sameMinute = sameDay && dateTime(current) === dateTime(desired)
  const at = sameMinute ? isoTime : sameDay ? dateTime : date
  const text = (end: Instant | null) => (end === null ? 'never' : at(end))
  return arrow(palette.red(unbreakable(text(current))), palette.green(unbreakable(text(desired))))
}
