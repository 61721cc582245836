import { closest } from '../model/suggest.ts'

/** `Did you mean X? Known here: X, Y, Z.`, as far as there is something to say. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const meant = closest(word, known)
  const shown = known.slice(0, 12)
  const rest = known.length > shown.length ? `, and ${known.length - shown.length} more` : ''
  const all = known.length === 0 ? null : `Known here: ${shown.join(', ')}${rest}.`
  return (
    [meant === null ? null : `Did you mean \`${meant}\`?`, all].filter(part => part !== null).join(' ') ||
    null
  )
}
