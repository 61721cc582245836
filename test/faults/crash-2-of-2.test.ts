// The other half of a seeded part of the crash matrix. `npm run test:faults` plays all of it.
import t from 'tap'
import { checkpoints } from '../../src/apply/run.ts'
import { playPart } from './crash/tap.ts'

// Some 140 cases, with five runs of the program or more each.
t.setTimeout(1_800_000)

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  const { titles, killedAt } = await playPart(t, { part: 3, parts: 4, firsts: 2 })
  t.ok(titles.length >= 130, `${titles.length} cases`)
  t.strictSame(
    [...killedAt].sort(),
    [...checkpoints].sort(),
    'a run was killed at every checkpoint that there is',
  )
})
