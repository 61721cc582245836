// `npm run test:campaigns`: what is too much for `npm test`. The help text says how.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { campaignOf, campaigns } from './all.ts'
import { playCampaigns } from './play-campaigns.ts'
import { openProgress } from './progress.ts'

const help = `npm run test:campaigns -- [options]
  --minutes 12     begins nothing that does not fit into that many minutes (5)
  --seed S         decides the order, and the cases that are made by chance; without it each call has a new one
  --only NAME      one campaign, or several: crash,wire
  --case TITLE     plays one case again, as a failure prints it
  --parallelism N  processes at once: one more than there are cores
  --fresh          forgets what earlier calls played with this build
What passed with this build of the program and this state of the tests stands in .campaigns, and is not played again: so
many calls of a few minutes play all of it. The campaigns:
${Object.entries(campaigns)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}
Keep what a campaign found: add the case's title to test/campaigns/found.ts.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    only: { type: 'string' },
    case: { type: 'string' },
    parallelism: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function numberOf(option: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${option} takes a number, not ${text}.`)
  return number
}

async function main(): Promise<void> {
  const chosen = values.only?.split(',') ?? Object.keys(campaigns)
  const { passed, failed, left } = await playCampaigns({
    campaigns: Object.fromEntries(chosen.map(name => [name, campaignOf(name)])),
    minutes: numberOf('minutes', values.minutes),
    seed: values.seed ?? String(randomInt(1_000_000_000)),
    only: values.case ?? null,
    processes: numberOf('parallelism', values.parallelism ?? String(availableParallelism() + 1)),
    progress: openProgress(values),
    print: line => console.log(line),
  })
  if (passed + failed === 0 && left) console.log('Nothing was played: nothing fits into the time.')
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0 || (passed === 0 && left)) process.exitCode = 1
}

if (values.help) console.log(help)
else await main()
