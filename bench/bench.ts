// `npm run bench`: how long the built program takes, as ratios to `node -e 0` in the same run, how much memory, and how many
// requests. See README.md next to this file. Usage: npm run bench -- [ROUNDS] [WORD]
import { existsSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { type Measured, median } from './measure.ts'
import { openPlace } from './place.ts'
import { packageFigures } from './package-size.ts'
import { type Row, program, rowsOf } from './rows.ts'
import { type Result, renderTable, unit } from './table.ts'
import { recordedTerraform, terraformVersion } from './terraform.ts'

/** `BENCH_NODES=22=/path/to/node,24=/path/to/node`: other versions, whose rows are added. */
function otherNodes(text: string | undefined): ReadonlyMap<string, string> {
  const pairs = (text ?? '').split(',').filter(pair => pair !== '')
  return new Map(pairs.map(pair => pair.split('=', 2) as [string, string]))
}

type Run = Measured & { readonly requests: number }

async function results(rows: readonly Row[], rounds: number): Promise<readonly Result[]> {
  const place = await openPlace()
  try {
    const measured: { readonly row: Row; readonly runs: Run[] }[] = []
    const subjects = []
    for (const row of rows) {
      const one = { row, runs: [] }
      measured.push(one)
      subjects.push({ ...one, subject: await row.open(place) })
    }
    const large = Math.ceil(rounds / 5)
    // In turns, so that whatever else the machine does slows down all alike.
    for (let round = 0; round < rounds; round++) {
      for (const { row, runs, subject } of subjects) {
        if (row.size === 'large' && round >= large) continue
        const run = await subject.run()
        ;(runs as Run[]).push(run)
        // A run of all rows takes minutes.
        process.stderr.write(
          `${row.name}: ${run.milliseconds.toFixed(0)} ms, ${run.processor.toFixed(0)} ms of the processor, ${run.megabytes.toFixed(0)} MB, ${run.requests}\n`,
        )
      }
    }
    return measured.map(({ row: { name, targets }, runs }) => ({
      name,
      targets,
      milliseconds: median(runs.map(run => run.milliseconds)),
      processor: median(runs.map(run => run.processor)),
      megabytes: median(runs.map(run => run.megabytes)),
      requests: median(runs.map(run => run.requests)),
      runs: runs.length,
    }))
  } finally {
    await place.close()
  }
}

async function bench(): Promise<void> {
  if (!existsSync(program)) throw new Error('There is no dist/start.cjs: run `npm run build` first')
  const [rounds, word] = [Number(process.argv[2] ?? 15), process.argv[3] ?? '']
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('ROUNDS is a whole number above zero')
  const terraform = terraformVersion()
  const all = rowsOf({ terraform, nodes: otherNodes(process.env['BENCH_NODES']) })
  const table = renderTable(
    await results(
      all.filter(({ name }) => name === unit || new RegExp(word).test(name)),
      rounds,
    ),
  )
  const versions = [`Node ${process.version}`, ...(terraform === null ? [] : [`Terraform ${terraform}`])]
  console.log(`${versions.join(', ')}, ${process.platform}, ${cpus().length} cores; medians\n\n${table}\n`)
  console.log(packageFigures())
  if (terraform === null) console.log(recordedTerraform)
  const [load = 0] = loadavg()
  if (load > 2 * cpus().length)
    console.log(`\nThe machine is busy (load ${load.toFixed(0)}): only ratios and processor times tell.`)
}

await bench()
