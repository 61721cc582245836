// So many cases of runs at once. `npm run test:concurrency -- --help` says how.
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { caseOf, titleOf } from './cases.ts'
import { type Verdict, play } from './play.ts'

const help = `npm run test:concurrency -- [options]
  --from 0            the first seed
  --count 100         so many seeds
  --scene create      only the cases of this scene
  --parallelism 2     so many cases at once
A seed decides the case, but not how the runs meet: that differs each time.
`

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '100' },
    scene: { type: 'string', default: '' },
    parallelism: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const [from, count] = [Number(values.from), Number(values.count)]
  const cases = Array.from({ length: count }, (_, index) => caseOf(from + index)).filter(
    ({ scene }) => values.scene === '' || scene === values.scene,
  )
  const limit = pLimit(Number(values.parallelism))
  const begun = Date.now()
  const verdicts: Verdict[] = []
  await Promise.all(
    cases.map(one =>
      limit(async () => {
        const verdict = await play(one).catch((cause: unknown) => ({
          faults: [cause instanceof Error ? cause.message : String(cause)],
          killed: false,
          waited: 0,
          codes: [],
        }))
        verdicts.push(verdict)
        if (verdicts.length % 20 === 0) console.log(`${verdicts.length} of ${cases.length} played`)
        if (verdict.faults.length > 0) console.log(`FAILED ${titleOf(one)}\n  ${verdict.faults.join('\n  ')}`)
      }),
    ),
  )
  const number = (is: (verdict: Verdict) => boolean) => verdicts.filter(is).length
  const failed = number(({ faults }) => faults.length > 0)
  const report = {
    run: verdicts.length,
    failed,
    killed: number(({ killed }) => killed),
    withConflict: number(({ codes }) => codes.includes(12)),
    seconds: Math.round((Date.now() - begun) / 1000),
  }
  console.log(JSON.stringify(report))
  if (failed > 0) process.exitCode = 1
}

if (values.help) console.log(help)
else await main()
