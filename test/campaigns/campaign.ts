/** One case that was played. Its title plays it again. */
export interface Played {
  readonly title: string
  /** Empty: it passed. */
  readonly faults: readonly string[]
  /** The points at which a further kill may be: for the crash matrix. */
  readonly places?: readonly string[]
}

/** Cases that need not be played, by title: they passed on this build, or were played by this call. */
export type Settled = ReadonlyMap<string, Played>

/** What one process plays at a time: one case or a few. */
export interface Part {
  /** A title, or the beginning of the titles of its cases. */
  readonly name: string
  /** How many cases it has at most. */
  readonly cases: number
}

export interface Task {
  readonly name: string
  readonly seed: string
  /** Those whose titles begin with the name of the part. */
  readonly settled: Settled
  readonly tell: (played: Played) => void
}

/** A set of cases that is too large for `npm test`. */
export interface Campaign {
  /** One line for the help text. */
  readonly about: string
  /** How long one case takes until that is measured, on a core at rest. */
  readonly seconds: number
  /** Its share of the time. */
  readonly weight: number
  /** The next part that is left and that nobody plays now; null: there is none. */
  next(seed: string, settled: Settled, busy: ReadonlySet<string>): Part | null
  /** Plays a part, or the one case of that title. A part that cannot be played rejects. */
  play(task: Task): Promise<void>
}

/** A campaign of single cases, mixed by the seed. */
export function ofTitles(
  titles: () => readonly string[],
  mix: (titles: readonly string[], seed: string) => readonly string[],
): Campaign['next'] {
  let mixed: { readonly seed: string; readonly titles: readonly string[] } | null = null
  return (seed, settled, busy) => {
    if (mixed?.seed !== seed) mixed = { seed, titles: mix(titles(), seed) }
    const name = mixed.titles.find(title => !settled.has(title) && !busy.has(title))
    return name === undefined ? null : { name, cases: 1 }
  }
}

/** A campaign without an end: cases that a number decides. Each seed begins at a number of its own. */
export function ofNumbers(titleOf: (number: number, index: number) => string): Campaign['next'] {
  return (seed, settled, busy) => {
    for (let index = 0; ; index += 1) {
      const name = titleOf(numberOf(seed) + index, index)
      if (!settled.has(name) && !busy.has(name)) return { name, cases: 1 }
    }
  }
}

/** At most nine digits, of which the last three are 0. */
function numberOf(seed: string): number {
  let hash = 0
  for (const character of seed) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return (hash % 1_000_000) * 1000
}
