import type { Measured } from './measure.ts'
import type { Target } from './targets.ts'

/** What one row took: medians. */
export interface Result extends Measured {
  readonly name: string
  readonly requests: number
  readonly runs: number
  readonly targets: readonly Target[]
}

/** `node -e 0`, which makes the figures of two machines comparable. */
export const unit = 'node -e 0'

function verdict(result: Result, others: ReadonlyMap<string, Result>): string {
  return result.targets
    .map(({ text, reached }) => {
      const found = reached(result, others)
      if (found === null) return `not compared: ${text}`
      return `${found.met ? 'met' : 'MISSED'}: ${found.figure}, ${text}`
    })
    .join('; ')
}

const ratio = (value: number, one: number | undefined) => `${(value / (one ?? Number.NaN)).toFixed(2)} ×`

/** A table in Markdown. */
export function renderTable(results: readonly Result[]): string {
  const others = new Map(results.map(result => [result.name, result]))
  const one = others.get(unit)
  const head = ['', 'median', 'ratio', 'processor', 'its ratio', 'memory', 'requests', 'runs', 'targets']
  const rows = results.map(result => [
    result.name,
    `${result.milliseconds.toFixed(0)} ms`,
    ratio(result.milliseconds, one?.milliseconds),
    `${result.processor.toFixed(0)} ms`,
    ratio(result.processor, one?.processor),
    `${result.megabytes.toFixed(0)} MB`,
    String(result.requests),
    String(result.runs),
    verdict(result, others),
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [head, head.map((_, column) => (column === 0 || column === 8 ? '---' : '---:')), ...rows]
    .map(line)
    .join('\n')
}
