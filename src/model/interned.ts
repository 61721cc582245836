/** Sets of names by the lists that they were made of: thousands of keys have a few of them. */
interface Known<Made> {
  readonly names: readonly string[]
  readonly made: Made
}

/**
 * `make`, giving one and the same value for the same names in the same order, so that most comparisons are of identities, and most
 * keys share their lists. Nobody may change what it gives.
 */
export function interned<Made>(make: (names: readonly string[]) => Made): (names: readonly string[]) => Made {
  const known = new Map<string, Known<Made>>()
  return names => {
    const text = names.join('\0')
    const found = known.get(text)
    // Names may hold the separator.
    if (found !== undefined && isSame(found.names, names)) return found.made
    const made = make(names)
    known.set(text, { names: [...names], made })
    return made
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}
