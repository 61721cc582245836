import { escapeControls, redactSecrets } from './escape.ts'

/**
 * Spreadsheets run a cell that begins with one of these; an apostrophe before it makes it text (OWASP, CSV Injection).
 * The rest is RFC 4180.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = escapeControls(redactSecrets(value)).replace(/^(?=\s*[=+\-@|%＝＋－＠])/u, "'")
  return /[",;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Lines end in CRLF. */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map(row => `${row.map(csvCell).join(',')}\r\n`).join('')
}
