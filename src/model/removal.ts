import type { DeclaredStore, StoreSpec } from './store.ts'

/** That many stores that its declaration lost fit into a key's marker; the oldest are forgotten first. */
export const maximumFormerStores = 4

/** A store that a key's declaration lost, found again in the present configuration. */
export interface FormerStore extends DeclaredStore {
  /** As much of it as no declared store uses: what may be emptied. Null: others took its place. */
  readonly free: StoreSpec | null
  /** It belongs to one person's machine. */
  readonly local: boolean
}

/** What was found of stores that declarations lost, by key id. */
export type FormerStores = ReadonlyMap<string, readonly FormerStore[]>

/** What becomes of the secrets in the stores that a key's declaration lost. */
export interface Removal {
  /** The secret is taken out there, after the change put it where it belongs. */
  readonly from: readonly DeclaredStore[]
  /** Hashes that the marker forgets: the declaration lets the secret stay there, or another secret took the place. */
  readonly forgotten: readonly string[]
  /** Hashes that the marker goes on remembering: the secret cannot be taken out from here. */
  readonly left: readonly string[]
  /** Whose local stores they are, as markers have it. */
  readonly host: string | null
  /** The visible ends of the key's secrets: nothing else is taken out of a store that can be read. */
  readonly ends: readonly string[]
}

export const noRemoval: Removal = { from: [], forgotten: [], left: [], host: null, ends: [] }

/** Does it ask for anything, even if it is only another marker? */
export function isRemoval({ from, forgotten }: Removal): boolean {
  return from.length > 0 || forgotten.length > 0
}
