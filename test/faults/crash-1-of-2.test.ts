// Half of a seeded part of the crash matrix. `npm run test:faults` plays all of it.
import t from 'tap'
import { playPart } from './crash/tap.ts'

// Some 190 cases, with five runs of the program or more each.
t.setTimeout(1_800_000)

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  const { titles } = await playPart(t, { part: 1, parts: 4, firsts: 3 })
  t.ok(titles.length >= 170, `${titles.length} cases`)
})
