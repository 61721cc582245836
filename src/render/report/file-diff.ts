import { createTwoFilesPatch } from 'diff'
import type { Palette } from '../text/palette.ts'
import { breakHeadings } from '../text/runner-commands.ts'
import { escapeControls } from '../text/text.ts'

/** A unified diff of one text file, with three lines around each change. Ends without a line break. */
export function renderFileDiff(
  file: string,
  current: string | null,
  desired: string,
  { palette }: { readonly palette: Palette },
): string {
  const patch = createTwoFilesPatch(
    current === null ? '/dev/null' : file,
    file,
    current ?? '',
    desired,
    undefined,
    undefined,
    { context: 3 },
  )
  const lines = patch.trimEnd().split('\n').slice(1).map(escapeControls)
  // After the names of the two files, a line that looks like one of these is a removed or added one.
  return lines.map((line, index) => paintLine(index < 2 ? line : breakHeadings(line), palette)).join('\n')
}

function paintLine(line: string, { green, red, cyan, bold }: Palette): string {
  if (line.startsWith('+++') || line.startsWith('---')) return bold(line)
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line.startsWith('@@') ? cyan(line) : line
}
