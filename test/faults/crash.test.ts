// A seeded part of the crash matrix; `npm run test:faults` plays all of it.
import t from 'tap'
import { checkpoints } from '../../src/apply/run.ts'
import { allCases, seeded } from './crash/cases.ts'
import { playAll, replayCommand } from './crash/run.ts'
import { recoveryPoints, scenes } from './crash/scenes.ts'

t.test('the matrix has every checkpoint that there is', async t => {
  const used = [...Object.values(scenes).flatMap(({ killAt }) => [...killAt]), ...recoveryPoints]
  t.strictSame(new Set<string>(used), new Set<string>(checkpoints))
})

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  const cases = allCases()
  const single = seeded(
    cases.filter(({ second }) => second === null),
    'ci',
    150,
  )
  const twice = seeded(
    cases.filter(({ second }) => second !== null),
    'ci',
    150,
  )
  let killedTwice = 0
  await playAll([...single, ...twice], ({ title, verdict }, one) => {
    t.strictSame(verdict.faults, [], `${title}, played again by: ${replayCommand(one)}`)
    if (verdict.killed.second) killedTwice += 1
  })
  t.ok(killedTwice > 0, `${killedTwice} recoveries were killed as well`)
})
