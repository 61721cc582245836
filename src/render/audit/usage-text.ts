import type { Palette } from '../text/palette.ts'
import { plural } from '../text/values.ts'
import { escapeControls } from '../text/escape.ts'
import { displayWidth, pad, wrap } from '../text/layout.ts'

/** What a key was used for: numbers of requests by name. */
export interface UsageFigures {
  readonly total: number
  readonly byOperation: ReadonlyMap<string, number>
  readonly byProject: ReadonlyMap<string, number>
}

interface UsageStyle {
  readonly palette: Palette
  readonly width: number
  /** Draw bars next to the shares: for people at a terminal. */
  readonly bars: boolean
}

/** More rows than that are summed up in one; JSON has all of them. */
const maxRows = 15
const longestBar = 24
const shortestBar = 8

/** `1,234`. */
function grouped(amount: number): string {
  return amount.toLocaleString('en-US')
}

/** Most requests first, then by name; the smallest of many together. */
function rows(counts: ReadonlyMap<string, number>): readonly (readonly [name: string, requests: number])[] {
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  if (sorted.length <= maxRows) return sorted
  const rest = sorted.slice(maxRows - 1)
  const sum = rest.reduce((all, [, requests]) => all + requests, 0)
  return [...sorted.slice(0, maxRows - 1), [`${rest.length} more`, sum]]
}

/** `• Pull scenarios: 567 (46%)`, with a bar behind it where there is room. */
function shares(
  counts: ReadonlyMap<string, number>,
  total: number,
  { palette, width, bars }: UsageStyle,
): readonly string[] {
  const lines = rows(counts).map(([name, requests]) => {
    const share = total === 0 ? 0 : requests / total
    return {
      share,
      text: `• ${escapeControls(name)}: ${grouped(requests)} (${Math.round(share * 100)}%)`,
    }
  })
  const column = Math.max(0, ...lines.map(({ text }) => displayWidth(text))) + 4
  const room = Math.min(longestBar, width - column - 2)
  if (!bars || room < shortestBar) return lines.flatMap(({ text }) => wrap(text, width, '  ', '    '))
  return lines.map(({ text, share }) => {
    const full = Math.round(Math.min(1, share) * room)
    // Something is never shown as nothing.
    const length = share > 0 ? Math.max(1, full) : 0
    return `  ${pad(text, column - 2)}${palette.cyan('█'.repeat(length))}`.trimEnd()
  })
}

/** `41`; below ten with one decimal, so that little use is not shown as none. */
function average(total: number, days: number): string {
  const mean = total / days
  if (mean >= 10 || total % days === 0) return grouped(Math.round(mean))
  return mean < 0.05 ? 'less than 0.1' : mean.toFixed(1)
}

/** The block `Usage (Last 30 days):` of the platform's page. */
export function usageLines(usage: UsageFigures, days: number, style: UsageStyle): readonly string[] {
  const { palette } = style
  return [
    palette.bold(`Usage (Last ${plural(days, 'day')}):`),
    `  Total requests: ${grouped(usage.total)}`,
    `  Avg per day: ${average(usage.total, days)}`,
    ...(usage.byOperation.size === 0
      ? []
      : ['', '  By operation:', ...shares(usage.byOperation, usage.total, style)]),
    ...(usage.byProject.size === 0
      ? []
      : ['', '  By project:', ...shares(usage.byProject, usage.total, style)]),
  ]
}
