// The figures of one revision, or of several side by side: `node --import=tsx scripts/measure.ts main HEAD`. A path in the place
// of a revision is a checkout. `--tests FILE`, once for each: what `npm test -- --reporter=tap` printed. `--list` names the places.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  decisionsByKind,
  executedKinds,
  importsBetweenRooms,
  longFunctions,
  markerBuilders,
  readCode,
  wideFunctions,
} from './measure/code.ts'

/** A figure, and where a list of places is behind it, that list. */
interface Row {
  readonly what: string
  readonly value: string
  readonly places?: readonly string[]
}

/** A folder with what a revision has; `end` takes it away. */
function checkoutOf(revision: string): { readonly folder: string; readonly end: () => void } {
  if (existsSync(join(revision, 'src'))) return { folder: resolve(revision), end: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'fluxloop-keys-measure-'))
  const archive = execFileSync(
    'git',
    ['archive', revision, 'src', 'test', 'schemas', 'package.json', 'tsconfig.json'],
    {
      maxBuffer: 256 * 2 ** 20,
    },
  )
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  return { folder, end: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What the build writes is left out, so that a checkout that was built has the same figures. */
function filesOf(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => pattern.test(name) && !name.includes('generated'))
    .map(name => join(folder, name))
}

const number = (value: number) => value.toLocaleString('en')

function sizeOf(what: string, files: readonly string[]): readonly Row[] {
  const lines = files.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0)
  return [
    { what: `files of ${what}`, value: number(files.length) },
    { what: `lines of ${what}`, value: number(lines) },
  ]
}

const listed = (what: string, places: readonly string[]): Row => ({
  what,
  value: number(places.length),
  places,
})

function timeOf(report: string | undefined): readonly Row[] {
  if (report === undefined) return []
  const [, milliseconds] = /^# time=([\d.]+)ms$/m.exec(readFileSync(report, 'utf8')) ?? []
  const minutes = milliseconds === undefined ? '?' : (Number(milliseconds) / 60_000).toFixed(1)
  return [{ what: 'minutes of npm test', value: minutes }]
}

function measure(folder: string, report: string | undefined): readonly Row[] {
  const code = readCode(folder)
  const rooms = importsBetweenRooms(code)
  const sum = (row: ReadonlyMap<string, number>) => [...row.values()].reduce((all, each) => all + each, 0)
  return [
    ...sizeOf('src', filesOf(join(folder, 'src'), /\.ts$/)),
    ...sizeOf('test', filesOf(join(folder, 'test'), /\.m?[jt]s$/)),
    ...sizeOf('tests (*.test.ts)', filesOf(join(folder, 'test'), /\.test\.ts$/)),
    ...timeOf(report),
    listed('functions above 50 lines', longFunctions(code, 50)),
    listed('functions with more than 4 parameters', wideFunctions(code, 4)),
    listed('places that build a marker', markerBuilders(code)),
    listed('kinds that apply executes', executedKinds(code)),
    listed('places where apply decides by the kind of a change', decisionsByKind(code)),
    {
      what: 'imports between rooms',
      value: number([...rooms.values()].reduce((all, row) => all + sum(row), 0)),
    },
    ...[...rooms]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([room, row]) => ({
        what: `imports of ${room} from other rooms`,
        value: `${sum(row)} from ${row.size}`,
        places: [...row].map(([other, count]) => `${other} ${count}`).sort(),
      })),
  ]
}

/** As Markdown. What a revision lacks is a dash. */
function table(revisions: readonly string[], columns: readonly (readonly Row[])[]): string {
  const names = [...new Set(columns.flat().map(({ what }) => what))]
  const valueOf = (rows: readonly Row[], name: string) => rows.find(({ what }) => what === name)?.value ?? '–'
  const cells = [
    ['what', ...revisions],
    ['---', ...revisions.map(() => '---:')],
    ...names.map(name => [name, ...columns.map(rows => valueOf(rows, name))]),
  ]
  return cells.map(row => `| ${row.join(' | ')} |`).join('\n')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
})
const revisions = positionals.length === 0 ? ['HEAD'] : positionals
const columns = revisions.map((revision, index) => {
  const { folder, end } = checkoutOf(revision)
  try {
    return measure(folder, values.tests[index])
  } finally {
    end()
  }
})
console.log(table(revisions, columns))
if (values.list) {
  for (const [index, rows] of columns.entries()) {
    for (const { what, places } of rows) {
      if (places !== undefined) console.log(`\n${revisions[index] ?? ''}, ${what}:\n  ${places.join('\n  ')}`)
    }
  }
}
