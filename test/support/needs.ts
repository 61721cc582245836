import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'

/** The path of the first of these programs that is there. */
export function whichOf(programs: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')
  return programs.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync) ?? null
}

/**
 * Is the program there, or one of several? Where none is, the test is skipped with the program's name, and in CI it fails: a machine that
 * proves nothing must not look like one that does. Use: `if (!needs(t, 'age')) return`.
 */
export function needs(t: Test, ...programs: readonly string[]): boolean {
  if (whichOf(programs) !== null) return true
  const missing = programs.join(' or ')
  if (process.env['CI'] === undefined) t.pass(`skipped: needs ${missing}`, { skip: `needs ${missing}` })
  else t.fail(`needs ${missing}, which CI must have`)
  return false
}
