import { distance } from 'fastest-levenshtein'

/** The one of `known` that `word` was probably meant to be; null where none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  const lower = word.slice(0, 100).toLowerCase()
  for (const candidate of known) {
    const apart = distance(lower, candidate.toLowerCase())
    // A word with nothing in common with the candidate is no misspelling of it, however short both are.
    if (apart < least && apart < candidate.length) {
      best = candidate
      least = apart
    }
  }
  return best
}

/** `Did you mean X? Known here: X, Y, Z.`, as far as there is something to say. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const meant = nearest(word, known)
  const shown = known.slice(0, 12)
  const rest = known.length > shown.length ? `, and ${known.length - shown.length} more` : ''
  const all = known.length === 0 ? null : `Known here: ${shown.join(', ')}${rest}.`
  return (
    [meant === null ? null : `Did you mean \`${meant}\`?`, all].filter(part => part !== null).join(' ') ||
    null
  )
}
