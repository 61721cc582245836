import { distance } from 'fastest-levenshtein'

/** The candidate that `word` is probably a misspelling of; null where none is near. Two edits always are: `jsno`. */
export function closest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  const lower = word.slice(0, 100).toLowerCase()
  for (const candidate of candidates) {
    const apart = distance(lower, candidate.toLowerCase())
    // A word with nothing in common with the candidate is not a misspelling of it, however short both are.
    if (apart < least && apart < candidate.length) [best, least] = [candidate, apart]
  }
  return best
}
