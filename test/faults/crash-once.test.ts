// A seeded part of the crash matrix: runs that are killed once. `npm run test:faults` plays all of it.
import t from 'tap'
import { checkpoints } from '../../src/apply/run.ts'
import { recoveryPoints, scenes } from './crash/scenes.ts'
import { playSeeded } from './crash/tap.ts'

t.test('the matrix has every checkpoint that there is', async t => {
  const used = [...Object.values(scenes).flatMap(({ killAt }) => [...killAt]), ...recoveryPoints]
  t.strictSame(new Set<string>(used), new Set<string>(checkpoints))
})

t.test('nothing is lost and nothing is left, wherever a run is killed', async t => {
  await playSeeded(t, ({ second }) => second === null, 150)
})
