import type { Context } from '../context.ts'

/** What a step is asked, whatever the host. */
export interface Asked {
  readonly config: readonly string[]
  /** From the root of the repository. */
  readonly workingDirectory: string
  readonly comment: boolean
  readonly showPersonal: boolean
  /** Where the plan file goes; null: a name in `folder`. */
  readonly planFile: string | null
  /** A folder of this run's own, for files that nobody keeps. */
  readonly folder: string
  /** The folder whose `node_modules` has the base's policy packages; null: none. */
  readonly packages: string | null
  /** By which the host finds this run. */
  readonly run: string
  /** A page of the step takes at most that many characters. */
  readonly pageLimit: number
  /** The severity at which an audit fails; null: as the policy says. */
  readonly failOn: string | null
}

/** Opens what a command needs, with this working directory. */
export type OpenContext = (cwd: string) => Context

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
  /** The page of a report. */
  readonly reportFile: string | null
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
  reportFile: null,
  page: '',
  marks: [],
}

const order: readonly Mark['level'][] = ['error', 'warning', 'notice']

export function worstFirst(marks: readonly Mark[]): readonly Mark[] {
  return order.flatMap(level => marks.filter(mark => mark.level === level))
}
