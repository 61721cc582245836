import { type Case, type Ending, leftovers } from './fault-table.ts'

/** An ending in words: `4: a pending key`. */
function inWords(ending: Ending): string {
  const code = /^\d+/.exec(ending)?.[0] ?? ''
  const left = ending.slice(code.length)
  return left === '' ? 'all is done' : `exit ${code}: ${leftovers[left as keyof typeof leftovers]}`
}

/** For each call a table of Markdown, faults that end alike on one line. */
export function casesPage(cases: readonly Case[]): string {
  const calls = [...new Set(cases.map(({ call }) => call))]
  return calls
    .map(call => {
      const rows = new Map<string, string[]>()
      for (const { fault, first, every } of cases.filter(each => each.call === call)) {
        const row = `${inWords(first)} | ${inWords(every)}`
        rows.set(row, [...(rows.get(row) ?? []), fault])
      }
      const lines = [...rows].map(([row, faults]) => `| ${faults.join('; ')} | ${row} |`)
      return [`### ${call}`, '', ...heading, ...lines].join('\n')
    })
    .join('\n\n')
}

const heading = ['| fault | at the first try | at every try |', '| --- | --- | --- |']
