import { headingOf, lineDiff } from '../../model/line-diff.ts'
import type { Palette } from '../text/palette.ts'
import { breakHeadings } from '../text/runner-commands.ts'
import { escapeControls } from '../text/escape.ts'

/** A unified diff of one text file, with three lines around each change. Ends without a line break. */
export function renderFileDiff(
  file: string,
  current: string | null,
  desired: string,
  { palette }: { readonly palette: Palette },
): string {
  const hunks = lineDiff(current ?? '', desired).flatMap(hunk => [headingOf(hunk), ...hunk.lines])
  const lines = [`--- ${current === null ? '/dev/null' : file}`, `+++ ${file}`, ...hunks].map(escapeControls)
  // After the names of the two files, a line that looks like one of these is a removed or added one.
  return lines.map((line, index) => paintLine(index < 2 ? line : breakHeadings(line), palette)).join('\n')
}

function paintLine(line: string, { green, red, cyan, bold }: Palette): string {
  if (line.startsWith('+++') || line.startsWith('---')) return bold(line)
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line.startsWith('@@') ? cyan(line) : line
}
