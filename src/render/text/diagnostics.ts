import { type Diagnostic, type RelatedPlace, warningCodes } from '../../model/diagnostic.ts'
import { excerpt } from './source-excerpt.ts'
import type { Palette } from './palette.ts'
import { escapeControls, redactSecrets } from './escape.ts'
import { wrap } from './layout.ts'

type Style = (text: string) => string

export interface DiagnosticStyle {
  /** Columns of a terminal. Where nothing is said, source lines take 80, and words stand on one line each, as editors read them. */
  readonly width?: number
  readonly bold?: Style
  readonly red?: Style
}

/** How diagnostics are drawn on an output. */
export function diagnosticStyle(output: {
  readonly isTerminal: boolean
  readonly width: number
  readonly palette: Palette
}): DiagnosticStyle {
  const { bold, red } = output.palette
  return output.isTerminal ? { bold, red, width: output.width } : { bold, red }
}

const identity: Style = text => text

function clean(text: string): string {
  return escapeControls(redactSecrets(text))
}

function sourceRows(
  place: RelatedPlace & { readonly length: number },
  gutter: number,
  width: number,
  red: Style,
): string[] {
  if (place.sourceLine === null || place.sourceLine.trim() === '') return []
  const shown = excerpt(redactable(place.sourceLine), place.column, place.length, width - gutter - 3)
  const number = String(place.line).padStart(gutter)
  return [`${number} | ${shown.text}`.trimEnd(), `${' '.repeat(gutter)} | ${red(shown.carets)}`]
}

/** Redaction shortens a line and would move its columns; what reaches us with a secret in it is masked in place. */
function redactable(line: string): string {
  return redactSecrets(line) === line
    ? line
    : line.replace(/[A-Za-z0-9_+/=-]{12,}/g, word => '*'.repeat(word.length))
}

function renderOne(diagnostic: Diagnostic, style: DiagnosticStyle): string {
  const { width = 80, bold = identity, red = identity } = style
  const wrapped = (text: string, hanging: string) =>
    style.width === undefined ? [text] : wrap(text, style.width, '', hanging)
  const label = warningCodes.has(diagnostic.code) ? 'warning' : 'error'
  const places = [diagnostic, ...diagnostic.related]
  const gutter = Math.max(...places.map(place => String(place.line).length)) + 1
  const { file, line, column, sourceLine, message, hint } = diagnostic
  const where = sourceLine === null ? clean(file) : `${clean(file)}:${line}:${column}`
  const rows = wrapped(`${bold(where)}: ${red(`${label}:`)} ${bold(clean(message))}`, '  ')
  rows.push(...sourceRows(diagnostic, gutter, width, red))
  for (const place of diagnostic.related) {
    rows.push(`${' '.repeat(gutter)} = see ${clean(place.file)}:${place.line}:${place.column}`)
    if (place.sourceLine !== null && place.sourceLine !== '') {
      const shown = excerpt(redactable(place.sourceLine), place.column, 1, width - gutter - 3)
      rows.push(`${String(place.line).padStart(gutter)} | ${shown.text}`.trimEnd())
    }
  }
  if (hint !== null) rows.push(...wrapped(`${' '.repeat(gutter)} = ${clean(hint)}`, ' '.repeat(gutter + 3)))
  return rows.join('\n')
}

/**
 * Draws diagnostics for a terminal or a pipe: place, message, the line with carets, further places and the hint, with an
 * empty line between two. No secret and no control character passes. Ends without a line break.
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], style: DiagnosticStyle = {}): string {
  return diagnostics.map(diagnostic => renderOne(diagnostic, style)).join('\n\n')
}
