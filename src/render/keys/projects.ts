import type { Palette } from '../text/palette.ts'
import { escapeControls } from '../text/escape.ts'
import { cut, displayWidth, minimumWidth, pad } from '../text/layout.ts'

interface Project {
  readonly id: string
  readonly name: string
  readonly status: string | null
}

const headings = ['NAME', 'ID', 'STATUS'] as const

/** A table as wide as its content; on a narrow terminal the names are cut, never the ids. Ends without a line break. */
export function renderProjects(
  projects: readonly Project[],
  { palette, width }: { readonly palette: Palette; readonly width: number },
): string {
  if (projects.length === 0) return 'There are no projects that this credential can reach.'
  const rows = projects
    .map(({ id, name, status }) => [name, id, status ?? ''].map(escapeControls) as [string, string, string])
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
  const widest = (column: 0 | 1 | 2) =>
    Math.max(headings[column].length, ...rows.map(row => displayWidth(row[column])))
  const [ids, statuses] = [widest(1), widest(2)]
  const names = Math.min(widest(0), Math.max(8, Math.max(minimumWidth, width) - ids - statuses - 4))
  const line = ([name, id, status]: readonly [string, string, string]) =>
    `${pad(cut(name, names), names)}  ${pad(id, ids)}  ${status}`.trimEnd()
  const count = `${projects.length} project${projects.length === 1 ? '' : 's'}`
  return [palette.bold(line(headings)), ...rows.map(line), '', `Total: ${count}`].join('\n')
}
