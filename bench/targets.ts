import type { Result } from './table.ts'

/** Whether a target is met, and the figure that says so. */
interface Reached {
  readonly met: boolean
  readonly figure: string
}

/** What a row has to reach, given all that was measured in the same run. */
export interface Target {
  readonly text: string
  /** Null: what it is compared with was not measured. */
  readonly reached: (own: Result, others: ReadonlyMap<string, Result>) => Reached | null
}

const number = (value: number) => value.toLocaleString('en')
const times = (value: number) => `${value.toPrecision(3)} ×`

function compared(
  others: ReadonlyMap<string, Result>,
  name: string,
  compare: (other: Result) => Reached,
): Reached | null {
  const other = others.get(name)
  return other === undefined ? null : compare(other)
}

/** At most this many times as long as another row. */
export const atMost = (most: number, name: string): Target => ({
  text: `at most ${most} × ${name}`,
  reached: (own, others) =>
    compared(others, name, other => {
      const ratio = own.milliseconds / other.milliseconds
      return { met: ratio <= most, figure: times(ratio) }
    }),
})

/** At least this many times as fast as another row. */
export const asFast = (least: number, name: string): Target => ({
  text: `at least ${least} × as fast as ${name}`,
  reached: (own, others) =>
    compared(others, name, other => {
      const ratio = other.milliseconds / own.milliseconds
      return { met: ratio >= least, figure: times(ratio) }
    }),
})

export const megabytes = (most: number): Target => ({
  text: `at most ${number(most)} MB`,
  reached: ({ megabytes: used }) => ({ met: used <= most, figure: `${used.toFixed(0)} MB` }),
})

/** At most this many times the memory of another row. */
export const memoryOf = (most: number, name: string): Target => ({
  text: `at most ${most} × the memory of ${name}`,
  reached: (own, others) =>
    compared(others, name, other => {
      const ratio = own.megabytes / other.megabytes
      return { met: ratio <= most, figure: times(ratio) }
    }),
})

export const milliseconds = (most: number, why: string): Target => ({
  text: `at most ${number(most)} ms (${why})`,
  reached: ({ milliseconds: taken }) => ({ met: taken <= most, figure: `${number(Math.round(taken))} ms` }),
})
