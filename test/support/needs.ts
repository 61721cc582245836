import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'

/**
 * Is the program there? Where it is not, the test is skipped with the program's name, and in CI it fails: a machine that
 * proves nothing must not look like one that does. Use: `if (!needs(t, 'age')) return`.
 */
export function needs(t: Test, program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  if (folders.some(folder => folder !== '' && existsSync(join(folder, program)))) return true
  if (process.env['CI'] === undefined) t.pass(`skipped: needs ${program}`, { skip: `needs ${program}` })
  else t.fail(`needs ${program}, which CI must have`)
  return false
}
