/** What a run that did not converge left behind for the next one. */
export const leftovers = {
  '-': 'nothing was done',
  p: 'a pending key',
  d: 'a delivered key',
  u: 'an updated key',
  r: 'a regenerated key, its stores stale or its marker behind',
  x: 'a revoked key',
} as const

export type Left = keyof typeof leftovers

/** The exit code; and what is left, unless the run did all there was to do. */
export type Ending = '0' | `${0 | 1 | 2 | 4 | 6 | 12}${Left}`

/** Where the fault hits only the first try of the call, and where it hits every try; `·`: the call cannot meet it. */
export type Cell = `${Ending} ${Ending}` | '·'

export type Row<Calls extends readonly string[]> = { readonly [Index in keyof Calls]: Cell }

/** What can only happen to an answer that lists keys. */
export type ListFault = 'page lost' | 'page of older keys lost' | 'page repeated' | 'cursor loop'

/** What makes a difference only where something was written. */
export type WriteFault = '200 without a secret' | '500 with a commit' | 'HTML for JSON, with a commit'

export type AnyFault =
  | 'reset before the commit'
  | 'reset during the commit'
  | 'reset after the commit'
  | 'truncated body'
  | '500 without a commit'
  | '409'
  | '412'
  | '422'
  | '429 with seconds'
  | '429 with a date'
  | '429 with nothing'
  | '503'
  | 'redirect to another origin'
  | 'HTML for JSON, without a commit'
  | 'length too long'
  | 'length too short'
  | 'slow drip'
  | 'gzip bomb'
  | 'clock a day ahead'
  | 'clock a day behind'

export type FaultName = AnyFault | ListFault | WriteFault

/** One fault at one call, and what becomes of the run. */
export interface Case<Call extends string = string> {
  readonly call: Call
  readonly fault: FaultName
  readonly first: Ending
  readonly every: Ending
}

export function casesOf<Call extends string>(
  calls: readonly Call[],
  table: Readonly<Partial<Record<FaultName, readonly Cell[]>>>,
): readonly Case<Call>[] {
  return calls.flatMap((call, column) =>
    (Object.keys(table) as FaultName[]).flatMap(fault => {
      const cell = table[fault]?.[column]
      if (cell === undefined || cell === '·') return []
      const [first, every] = cell.split(' ') as [Ending, Ending]
      return [{ call, fault, first, every }]
    }),
  )
}
