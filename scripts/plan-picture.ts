// Draws the table at the top of a plan, as a terminal shows it, into docs/plan.svg; a test compares the two. `npm run picture`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { displayWidth } from '../src/render/text/layout.ts'

const file = new URL('../docs/plan.svg', import.meta.url)
const plan = new URL('../test/render/golden/twenty-keys-120-colour.txt', import.meta.url)

const cell = { width: 8.4, height: 20 }
const margin = 20
const plain = '#d6dde6'
const colours: Readonly<Record<string, string>> = {
  31: '#ff7b72',
  32: '#56d364',
  33: '#e3b341',
  36: '#76e3ea',
  39: plain,
}

interface Run {
  readonly text: string
  readonly colour: string
  readonly bold: boolean
}

/** A line with the codes of a terminal's colours, as runs of one look each. Throws where it has a code that the picture does not know. */
function runsOf(line: string): readonly Run[] {
  const [first = '', ...rest] = line.split(String.raw`\e[`)
  const runs: Run[] = [{ text: first, colour: plain, bold: false }]
  for (const part of rest) {
    const { colour, bold } = runs.at(-1) ?? { colour: plain, bold: false }
    const [code = '', ...words] = part.split('m')
    const text = words.join('m')
    if (code === '1' || code === '22') runs.push({ text, colour, bold: code === '1' })
    else if (colours[code] === undefined) throw new Error(`The picture has no look for the code ${code}`)
    else runs.push({ text, colour: colours[code], bold })
  }
  return runs.filter(({ text }) => text !== '')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** Words stand at their columns, whatever font there is, and however a viewer treats the spaces between them. */
function lineToSvg(line: string, row: number): string {
  let column = 0
  const spans = runsOf(line).flatMap(({ text, colour, bold }) => {
    const start = column
    column += displayWidth(text)
    const weight = bold ? ' font-weight="bold"' : ''
    return [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => {
      const x = margin + (start + displayWidth(text.slice(0, index))) * cell.width
      const length = displayWidth(word) * cell.width
      return `<tspan x="${x.toFixed(1)}" textLength="${length.toFixed(1)}" fill="${colour}"${weight}>${escape(word)}</tspan>`
    })
  })
  return `<text y="${margin + (row + 0.75) * cell.height}">${spans.join('')}</text>`
}

/** The heading of the plan, its table and its last line: what a reader sees first. */
export function planPicture(): string {
  const all = readFileSync(plan, 'utf8').trimEnd().split('\n')
  const tableEnd = all.indexOf('', 2)
  const lines = [...all.slice(0, tableEnd), '', ...all.slice(all.lastIndexOf('') + 1)]
  const columns = Math.max(
    ...lines.map(line => runsOf(line).reduce((sum, { text }) => sum + displayWidth(text), 0)),
  )
  const [width, height] = [
    Math.ceil(2 * margin + columns * cell.width),
    2 * margin + lines.length * cell.height,
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A plan of twenty keys in a terminal">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">',
    ...lines.map(lineToSvg),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, planPicture())
