/** What a step ends with, for the host to show: its outputs, its page, and marks at lines of the configuration. */
export interface StepOutcome {
  /** The program's own codes: a wrapper hides none. */
  readonly exitCode: number
  readonly changes: number
  readonly widens: boolean
  /** Of the plan for review; null: there is none. */
  readonly digest: string | null
  /** Null: none was written. */
  readonly planFile: string | null
  readonly sarifFile: string | null
  /** Markdown for the step's page. */
  readonly page: string
  /** The worst first. */
  readonly marks: readonly Mark[]
}

/** Something to show at a line of a file. */
export interface Mark {
  readonly level: 'error' | 'warning' | 'notice'
  /** From the root of the repository; null: at no line. */
  readonly file: string | null
  readonly line: number
  readonly title: string
  readonly message: string
}

export const nothingDone: StepOutcome = {
  exitCode: 0,
  changes: 0,
  widens: false,
  digest: null,
  planFile: null,
  sarifFile: null,
  page: '',
  marks: [],
}

const order: readonly Mark['level'][] = ['error', 'warning', 'notice']

export function worstFirst(marks: readonly Mark[]): readonly Mark[] {
  return order.flatMap(level => marks.filter(mark => mark.level === level))
}
