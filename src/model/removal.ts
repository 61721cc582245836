import type { DeclaredStore, StoreSpec } from './store.ts'

/** So many stores that its declaration lost fit into a key's marker; the oldest are forgotten first. */
export const maximumFormerStores = 4

/** A store that a key's declaration lost, found again among what is declared, or was. */
export interface FormerStore extends DeclaredStore {
  /** As much of it as no declared store uses: what may be emptied. Null: others took its place. */
  readonly free: StoreSpec | null
  /** It belongs to one person's machine. */
  readonly local: boolean
  /** The key's own store at the same place, which is only declared differently, by its hash; null where there is none. */
  readonly now: string | null
}

/** How far the declarations of the past could be searched for lost stores. */
export type HistorySearch =
  /** As far back as they go. */
  | 'whole'
  /** A part of the commits: there are too many, or the clone is shallow. */
  | 'bounded'
  | 'shallow'
  /** No repository has them. */
  | 'none'

/** What was found of stores that declarations lost. */
export interface FormerStores {
  /** By key id. */
  readonly found: ReadonlyMap<string, readonly FormerStore[]>
  readonly search: HistorySearch
}

export const noFormerStores: FormerStores = { found: new Map(), search: 'whole' }

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
