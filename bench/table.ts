/** What one program took. */
export interface Result {
  readonly name: string
  readonly milliseconds: number
  /** To `node -e 0`. */
  readonly ratio: number
  /** Milliseconds. */
  readonly processor: number
  readonly megabytes: number
  readonly requests: number
}

interface Target {
  readonly text: string
  readonly met: (result: Result, all: readonly Result[]) => boolean
}

const targets: Readonly<Record<string, Target>> = {
  '--help': { text: 'at most 1.5 ×', met: ({ ratio }) => ratio <= 1.5 },
  'audit --offline 10,000 keys': {
    text: 'at most twice validate',
    met: ({ milliseconds }, all) =>
      milliseconds <=
      2 * (all.find(({ name }) => name === 'validate 10,000 keys')?.milliseconds ?? Number.NaN),
  },
  'audit --fix 10,000 of 10,000 keys': { text: 'at most 65 ×', met: ({ ratio }) => ratio <= 65 },
  'plan 10,000 keys': {
    text: 'under 2.5 s and 600 MB',
    met: ({ milliseconds, megabytes }) => milliseconds < 2_500 && megabytes < 600,
  },
}

function verdict(result: Result, all: readonly Result[]): string {
  const target = targets[result.name]
  if (target === undefined) return ''
  return `${target.met(result, all) ? 'within' : 'OVER'} target: ${target.text}`
}

export function renderTable(results: readonly Result[]): string {
  const rows = results.map(result => [
    result.name,
    `${result.milliseconds.toFixed(0)} ms`,
    `${result.ratio.toFixed(2)} ×`,
    `${result.processor.toFixed(0)} ms`,
    `${result.megabytes.toFixed(0)} MB`,
    String(result.requests),
    verdict(result, results),
  ])
  const table = [['', 'median', 'ratio', 'processor', 'peak memory', 'requests', ''], ...rows]
  const widths = table.reduce<number[]>(
    (known, row) => row.map((cell, column) => Math.max(known[column] ?? 0, cell.length)),
    [],
  )
  return table
    .map(row =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}
