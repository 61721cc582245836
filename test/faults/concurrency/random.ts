/** Numbers that a seed decides. */
export interface Random {
  /** A whole number from 0 to one less than `limit`. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
}

/** The generator mulberry32. */
export function randomOf(seed: number): Random {
  let state = (seed + 1) * 0x9e37_79b9
  const next = () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: from => {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new Error('there is nothing to pick')
      return picked
    },
  }
}
