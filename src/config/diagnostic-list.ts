import type { Diagnostic } from '../model/diagnostic.ts'

/** Nobody reads more, and a file of 16 MB can have a million. */
export const mostDiagnostics = 1_000

/** What is wrong with a configuration: the first of it, and how much more there is. */
export class DiagnosticList {
  readonly kept: Diagnostic[] = []
  #omitted = 0

  get omitted(): number {
    return this.#omitted
  }

  push(diagnostic: Diagnostic): void {
    if (this.kept.length < mostDiagnostics) this.kept.push(diagnostic)
    else this.#omitted += 1
  }

  /** That many more were never made, at most: some of them may say the same. */
  omit(count: number): void {
    this.#omitted += count
  }
}
