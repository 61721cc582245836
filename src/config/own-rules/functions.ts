/** How large a value is: its characters or entries, and the largest of the entries; null where they are characters, or it is one of its own. */
export interface Size {
  readonly length: number
  readonly of: Size | null
}

/** How many steps a function takes, and how large what it makes may be, by the sizes that it is given. */
export interface Effort {
  readonly steps: (given: readonly Size[]) => number
  readonly makes: (given: readonly Size[]) => Size
}

export const single: Size = { length: 1, of: null }

/** To look at all of a value. Sixteen characters count as one step. */
export function stepsThrough({ length, of }: Size): number {
  return of === null ? Math.ceil(length / 16) : length * (1 + stepsThrough(of))
}

export function larger(a: Size, b: Size): Size {
  return {
    length: Math.max(a.length, b.length),
    of: a.of === null || b.of === null ? (a.of ?? b.of) : larger(a.of, b.of),
  }
}

export function largest(sizes: readonly Size[]): Size {
  return sizes.reduce(larger, single)
}

const through = (given: readonly Size[]) => given.reduce((sum, size) => sum + stepsThrough(size), 1)

export const look: Effort = { steps: through, makes: () => single }

/** Any text may grow threefold where the case of its letters changes; numbers and times have at most forty characters. */
const text: Effort = {
  steps: through,
  makes: given => ({ length: 40 + 3 * largest(given).length, of: null }),
}
export const asItIs: Effort = { steps: through, makes: ([given]) => given ?? single }
/** The places of one in the other, and at each all of it. */
const search: Effort = {
  steps: given => given.reduce((steps, size) => steps * (1 + stepsThrough(size)), 1),
  makes: () => single,
}
/** The library's pattern for durations goes back and forth over a text that is none. */
const duration: Effort = {
  steps: given => given.reduce((sum, { length }) => sum + length ** 3 / 50, 1),
  makes: () => single,
}
/** In a time zone, which the system is asked for each time. */
const calendar: Effort = { steps: ({ length }) => (length > 1 ? 1_000 : 1), makes: () => single }

/**
 * All that an expression may call next to loops. The library has more, and what is not here is refused: patterns, which may take for
 * ever, and what makes much of little (`split`, `join`, `json`, `bind`).
 */
export const functions: ReadonlyMap<string, Effort> = new Map([
  ...['bool', 'double', 'endsWith', 'has', 'int', 'size', 'startsWith', 'timestamp', 'type', 'uint'].map(
    name => [name, look] as const,
  ),
  ...['lowerAscii', 'string', 'substring', 'trim', 'upperAscii'].map(name => [name, text] as const),
  ...['contains', 'indexOf', 'lastIndexOf'].map(name => [name, search] as const),
  ['dyn', asItIs],
  ['duration', duration],
  ...['Date', 'DayOfMonth', 'DayOfWeek', 'DayOfYear', 'FullYear', 'Hours', 'Milliseconds', 'Minutes']
    .concat('Month', 'Seconds')
    .map(part => [`get${part}`, calendar] as const),
])
