import { readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'

/** Compares with a committed file in the folder `golden` next to the test; `UPDATE_GOLDEN=1` writes it anew, to be reviewed as a diff. */
export function golden(t: Test, name: string, output: string, nextTo = import.meta.url): void {
  const file = new URL(`golden/${name}.txt`, nextTo)
  // Escapes are kept readable, so that a review sees the colours.
  const shown = `${output.replaceAll('\u001b', '\\e')}\n`
  if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(file, shown)
  t.equal(shown, readFileSync(file, 'utf8'), `as in golden/${name}.txt`)
}
