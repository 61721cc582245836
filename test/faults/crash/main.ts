// All of the crash matrix, or a part of it. `npm run test:faults -- --help` says how.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { everything, isOnWay, only, sampled } from './choice.ts'
import { playSetting } from './play.ts'
import { type Line, openProgress, whatIsLeft } from './progress.ts'
import { allSettings, replayCommand, settingTitle, settingsOf } from './setting.ts'

const help = `npm run test:faults -- [options]
  --shard 1/4         every fourth setting (scene, stores, replay), from the first
  --firsts 2          so many points of each run, mixed by --seed (0)
  --seconds 1         so many points of each recovery
  --only TITLE        the cases whose title begins like this, also those that were played
  --parallelism 3     so many settings at once
  --fresh             forgets what earlier runs of this build and harness did
What passed stands in .crash-matrix, in a folder for each build of the program and state of the harness, and is not played again; the report is report.json there.
`

const { values } = parseArgs({
  options: {
    shard: { type: 'string', default: '1/1' },
    firsts: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    parallelism: { type: 'string', default: '3' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Measured on two cores at rest. */
const minutesPerSetting = 0.5

function wantedPoints() {
  const { firsts, seconds, seed } = values
  if (firsts === undefined && seconds === undefined) return everything
  return sampled(seed, { firsts: Number(firsts ?? Infinity), seconds: Number(seconds ?? Infinity) })
}

function reasonsOf(cause: unknown): readonly string[] {
  return [cause instanceof Error ? String(cause.stack) : String(cause)]
}

async function main(): Promise<void> {
  const progress = openProgress(values.shard, values)
  const former: ReadonlyMap<string, Line> = values.only === '' ? progress.lines() : new Map()
  const points = wantedPoints()
  const settings = settingsOf(values.shard, values.seed).filter(one =>
    isOnWay(settingTitle(one), values.only),
  )
  if (settings.length === 0)
    throw new Error('No setting of the matrix is called like that, or the shard has none.')
  const left = settings.flatMap(setting => {
    const choice = whatIsLeft(only(points, settingTitle(setting), values.only), setting, former)
    return choice === null ? [] : [{ setting, choice }]
  })
  console.log(
    `${settings.length} of ${allSettings().length} settings, ${left.length} of them left: about ${Math.ceil(left.length * minutesPerSetting)} minutes if all points are played`,
  )
  const begun = Date.now()
  let [cases, ended] = [0, 0]
  const tell = (line: Line) => {
    progress.add(line)
    if (line.faults.length === 0) return
    process.exitCode = 1
    console.log(`FAILED ${replayCommand(line.title)}\n  ${line.faults.join('\n  ')}`)
  }
  const limit = pLimit(Number(values.parallelism))
  await Promise.all(
    left.map(({ setting, choice }) =>
      limit(async () => {
        const title = settingTitle(setting)
        const played = playSetting(setting, choice, (verdict, places) => {
          cases += 1
          tell({ ...verdict, places })
        })
        const faults = await played.then(() => [], reasonsOf)
        tell({ title, faults, places: [] })
        ended += 1
        const minutes = ((Date.now() - begun) / ended / 60_000) * (left.length - ended)
        console.log(
          `${cases} cases played, ${ended} settings done, ${left.length - ended} left: ${minutes.toFixed(1)} minutes more`,
        )
      }),
    ),
  )
  const lines = [...progress.lines().values()]
  const parts = ({ title }: Line) => title.split('/').length
  const failed = lines.filter(({ faults }) => faults.length > 0)
  const report = {
    settings: allSettings().length,
    cases: lines.filter(line => parts(line) > 3).length,
    killedTwice: lines.filter(line => parts(line) === 5).length,
    failed: failed.length,
    minutesOfThisRun: Math.round((Date.now() - begun) / 6000) / 10,
    failures: failed,
  }
  writeFileSync(progress.report, `${JSON.stringify(report, null, 2)}\n`)
  console.log(JSON.stringify({ ...report, failures: failed.map(({ title }) => title) }))
  console.log(`The report is ${progress.report}`)
}

if (values.help) console.log(help)
else await main()
