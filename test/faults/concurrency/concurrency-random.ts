import { fractions } from '../../support/random.ts'

/** Numbers that a seed decides. */
export interface Random {
  /** A whole number from 0 to one less than `limit`. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
}

export function randomOf(seed: number): Random {
  const next = fractions((seed + 1) * 0x9e37_79b9)
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
