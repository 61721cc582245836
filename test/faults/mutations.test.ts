// The harness of the crash matrix has to find wrong orders of steps: each of these is caught by the cases that it names, which
// the program as it is passes.
import pLimit from 'p-limit'
import t from 'tap'
import { buildMutant } from './crash/mutant.ts'
import { playCase } from './crash/play.ts'
import { caseOf } from './crash/setting.ts'
import { wrongOrders } from './crash/wrong-orders.ts'
import { wrongSteps } from './crash/wrong-steps.ts'

t.jobs = 3

const mutants = { ...wrongOrders, ...wrongSteps }

async function faultsOf(titles: readonly string[], program: string | null): Promise<readonly string[]> {
  const limit = pLimit(3)
  const played = titles.map(title =>
    limit(async () => {
      const { setting, kills } = caseOf(title)
      const { faults } = await playCase(setting, kills, program)
      return faults.map(fault => `${title}: ${fault}`)
    }),
  )
  return (await Promise.all(played)).flat()
}

t.test('the program as it is passes the cases that catch the wrong ones', async t => {
  const titles = new Set(Object.values(mutants).flatMap(({ caught }) => caught))
  t.strictSame(await faultsOf([...titles], null), [])
  const same = await buildMutant([])
  t.strictSame(await faultsOf(['create/readable/with the secret/after-put:1'], same.program), [])
  await same.end()
})

for (const [what, { edits, caught, as }] of Object.entries(mutants)) {
  t.test(`the harness finds ${what}`, { buffered: true }, async t => {
    const { program, end } = await buildMutant(edits)
    const faults = await faultsOf(caught, program)
    await end()
    const isMeant = faults.some(fault => fault.includes(as))
    t.ok(isMeant, `${as}, as one of: ${faults.join('; ')}`)
  })
}
