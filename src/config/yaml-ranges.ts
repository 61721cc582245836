type Ranged = { readonly range?: readonly [number, number, number] | null } | null | undefined

/** Where the text of a node begins. */
export const startOf = (node: unknown): number => (node as Ranged)?.range?.[0] ?? 0

/** Where the text of a node ends, without what follows it. */
export const endOf = (node: unknown): number => (node as Ranged)?.range?.[1] ?? 0
