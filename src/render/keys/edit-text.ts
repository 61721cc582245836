import type { Instant } from '../../model/duration.ts'
import type { EditedField } from '../../model/edit.ts'
import { accessWords, paintAccess } from './access-words.ts'
import { calendarDay } from './calendar-day.ts'
import { fieldDiff } from './field-diff.ts'
import { jsonText } from '../text/json.ts'
import type { ApiKeyJson } from './key-json.ts'
import { renderRows } from '../text/rows.ts'
import { minimumWidth, unbreakable } from '../text/layout.ts'
import { isoTime } from '../text/time.ts'
import type { ScreenOptions } from './written-key.ts'

function endIn(field: Extract<EditedField, { readonly field: 'expires' }>, options: ScreenOptions): string {
  const { red, green } = options.palette
  const text = (end: Instant | null) => (end === null ? 'Never' : calendarDay(end, options.timeZone))
  return `${red(unbreakable(text(field.current)))} → ${green(unbreakable(text(field.desired)))}`
}

/** What an update by hand changed, a line for each field. */
export function renderEdit(fields: readonly EditedField[], options: ScreenOptions): string {
  const { palette, width } = options
  const rows = fields.map(values => ({
    mark: '~',
    label: values.field,
    value: values.field === 'expires' ? endIn(values, options) : fieldDiff(values, palette),
    notes: accessWords([values]).map(word => paintAccess(`# ${word}`, word, palette)),
  }))
  return renderRows(rows, palette, Math.max(minimumWidth, width)).join('\n')
}

function editedJson(field: EditedField) {
  if (field.field !== 'expires') return field
  const time = (at: number | null) => (at === null ? null : isoTime(at))
  return { ...field, current: time(field.current), desired: time(field.desired) }
}

/** The key as it is now, and what changed. */
export function editToJson(key: ApiKeyJson, fields: readonly EditedField[]): string {
  return jsonText({ format_version: '1.0', api_key: key, changed: fields.map(editedJson) })
}
