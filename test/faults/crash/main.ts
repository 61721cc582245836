// All of the crash matrix, or a part of it. `npm run test:faults -- --help` says how.
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { allCases, seeded, titleOf } from './cases.ts'
import { type Tally, playAll, replayCommand } from './run.ts'

const help = `npm run test:faults -- [options]
  --shard 1/4         every fourth case, from the first
  --count 300         so many cases, mixed by --seed (0)
  --only TITLE        the cases whose title begins like this, also those that were played
  --parallelism 3     so many at once
  --fresh             forgets what earlier runs did
What was played stands in .crash-matrix/progress.jsonl, and is not played again; the report is .crash-matrix/report.json.
`

const { values } = parseArgs({
  options: {
    shard: { type: 'string', default: '1/1' },
    count: { type: 'string' },
    seed: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    parallelism: { type: 'string', default: '3' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const folder = '.crash-matrix'
const progress = `${folder}/progress.jsonl`

function wanted() {
  const [part = 1, parts = 1] = values.shard.split('/').map(Number)
  const cases = allCases().filter(one => titleOf(one).startsWith(values.only))
  return seeded(cases, values.seed, values.count === undefined ? cases.length : Number(values.count)).filter(
    (_one, index) => index % parts === part - 1,
  )
}

async function formerTallies(): Promise<readonly Tally[]> {
  if (values.fresh || values.only !== '') return []
  const text = await readFile(progress, 'utf8').catch(() => '')
  // A line that a kill cut short is a case to play again.
  return text.split('\n').flatMap(line => (line.endsWith('}}}') ? [JSON.parse(line) as Tally] : []))
}

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const former = await formerTallies()
  if (values.fresh) await writeFile(progress, '')
  const known = new Set(former.map(({ title }) => title))
  const cases = wanted()
  const titles = new Set(cases.map(titleOf))
  const tallies = former.filter(({ title }) => titles.has(title))
  const left = cases.filter(one => !known.has(titleOf(one)))
  console.log(`${cases.length} of ${allCases().length} cases, ${left.length} of them left`)
  const begun = Date.now()
  let played = 0
  const writes: Promise<void>[] = []
  await playAll(
    left,
    (tally, one) => {
      tallies.push(tally)
      played += 1
      writes.push(appendFile(progress, `${JSON.stringify(tally)}\n`))
      if (tally.verdict.faults.length > 0)
        console.log(`FAILED ${replayCommand(one)}\n  ${tally.verdict.faults.join('\n  ')}`)
      if (played === 20 || played % 200 === 0) {
        const minutes = (((Date.now() - begun) / played) * (left.length - played)) / 60_000
        console.log(`${played} played, ${left.length - played} left: ${minutes.toFixed(1)} minutes more`)
      }
    },
    { parallelism: Number(values.parallelism) },
  )
  await Promise.all(writes)
  const failed = tallies.filter(({ verdict }) => verdict.faults.length > 0)
  const report = {
    matrix: allCases().length,
    run: tallies.length,
    failed: failed.length,
    killedTwice: tallies.filter(({ verdict }) => verdict.killed.second).length,
    secondsOfThisRun: Math.round((Date.now() - begun) / 1000),
    failures: failed,
  }
  await writeFile(`${folder}/report.json`, `${JSON.stringify(report, null, 2)}\n`)
  console.log(JSON.stringify({ ...report, failures: failed.map(({ title }) => title) }))
  if (failed.length > 0) process.exitCode = 1
}

if (values.help) console.log(help)
else await main()
