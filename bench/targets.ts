import type { Result } from './table.ts'

/** What a row has to reach, given all that was measured in the same run. */
export interface Target {
  readonly text: string
  /** Null: what it is compared with was not measured. */
  readonly isMet: (own: Result, others: ReadonlyMap<string, Result>) => boolean | null
}

const number = (value: number) => value.toLocaleString('en')

function compared(
  others: ReadonlyMap<string, Result>,
  name: string,
  compare: (other: Result) => boolean,
): boolean | null {
  const other = others.get(name)
  return other === undefined ? null : compare(other)
}

/** At most this many times as long as another row. */
export const atMost = (times: number, name: string): Target => ({
  text: `at most ${times} × ${name}`,
  isMet: (own, others) => compared(others, name, other => own.milliseconds <= times * other.milliseconds),
})

/** At least this many times as fast as another row. */
export const asFast = (times: number, name: string): Target => ({
  text: `at least ${times} × as fast as ${name}`,
  isMet: (own, others) => compared(others, name, other => times * own.milliseconds <= other.milliseconds),
})

export const megabytes = (most: number): Target => ({
  text: `at most ${number(most)} MB`,
  isMet: own => own.megabytes <= most,
})

/** At most this many times the memory of another row. */
export const memoryOf = (times: number, name: string): Target => ({
  text: `at most ${times} × the memory of ${name}`,
  isMet: (own, others) => compared(others, name, other => own.megabytes <= times * other.megabytes),
})

export const milliseconds = (most: number, why: string): Target => ({
  text: `at most ${number(most)} ms (${why})`,
  isMet: own => own.milliseconds <= most,
})
