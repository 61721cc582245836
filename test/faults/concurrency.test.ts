// Runs of the built program at once on one stack, on one machine and on several, one of them killed; then one that recovers. The
// seeds decide the cases, not how the runs meet: that differs each time. `npm run test:campaigns -- --only concurrency` plays others.
import pLimit from 'p-limit'
import t from 'tap'
import { replayCommand } from '../campaigns/progress.ts'
import { openStage } from './crash/crash-stage.ts'
import { caseOf, titleOf } from './concurrency/cases.ts'
import { endFaults } from './concurrency/concurrency-judge.ts'
import { declareEverywhere, machinesOf } from './concurrency/machines.ts'
import { play } from './concurrency/concurrency-play.ts'

/** Of few runs, and among them everything that makes cases differ. */
const seeds = [25, 26, 31, 56, 59]

t.test('runs at once converge, whoever is killed', async t => {
  const limit = pLimit(2)
  const kills = await Promise.all(
    seeds.map(caseOf).map(one =>
      limit(async () => {
        const { faults, killed } = await play(one)
        t.strictSame(faults, [], `${titleOf(one)}; again: ${replayCommand('concurrency', String(one.seed))}`)
        return killed
      }),
    ),
  )
  // Whoever is overtaken does not come by the point at which it would be killed, so how many are depends on how runs meet.
  const killed = kills.filter(Boolean).length
  t.ok(killed > 0, `a run was killed in ${killed} of ${seeds.length} cases`)
})

t.test(
  'who is killed in place right after the put is finished by the run that waits for the lock',
  async t => {
    const one = { ...caseOf(2), where: 'one machine', killAt: 'after-put:1', runs: 3 } as const
    const { faults, killed, waited } = await play(one)
    t.strictSame([faults, killed, waited], [[], true, 1], titleOf(one))
  },
)

t.test('a run that ends with 12 has to say who else was at work', async t => {
  const end = (code: number, stdout: string) =>
    endFaults({ waits: false, isVictim: false, ended: { code, signal: null, stdout, stderr: '' } })
  t.strictSame(end(12, 'Another\n  run made key_1 for agents at the same time.'), [])
  t.match(end(12, 'Plan: 1 to create'), [
    'a run ends with 12 and does not say why (exit code 12): Plan: 1 to create',
  ])
  t.strictSame(end(0, 'No changes.'), [])
})

t.test('the seeds have what runs at once may be', async t => {
  const first = Array.from({ length: 13 }, (_, index) => index)
  for (const cases of [seeds.map(caseOf), first.map(caseOf)]) {
    const all = (what: keyof (typeof cases)[number]) => new Set(cases.map(one => one[what])).size
    t.strictSame(
      [
        all('where'),
        all('scene'),
        all('stores'),
        all('replay'),
        all('clock'),
        all('together'),
        all('recovery'),
      ],
      [2, 5, 3, 3, 2, 2, 2],
    )
  }
  t.strictSame(
    [...new Set(first.map(caseOf).map(({ runs }) => runs))].sort((a, b) => a - b),
    [2, 3, 4, 5, 6, 7, 8],
    'those of a campaign, too',
  )
})

t.test('apply says with 12 that another machine is at work on a key, until that one is done', async t => {
  const one = { ...caseOf(0), where: 'several machines', runs: 2, stores: 'both' } as const
  const stage = await openStage('with the secret', null)
  t.teardown(() => stage.end())
  const machines = await machinesOf(stage, one, t)
  await declareEverywhere(machines, stage, one, {})
  const [ada, ben] = machines
  if (ada === undefined || ben === undefined) return t.fail('there are two machines')
  const apply = ['apply', '--auto-approve']
  t.match(await ada.run(apply, 'after-create:1'), { signal: 'SIGKILL' })
  const early = await ben.run(apply)
  t.equal(early.code, 12, early.stdout)
  t.match(early.stdout, /is being made by another run/)
  t.match(await ada.run(apply), { code: 0 })
  t.match(await ben.run(apply), { code: 0, stdout: /No changes/ })
})
