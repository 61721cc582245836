// The other half of a seeded part of the crash matrix. `npm run test:faults` plays all of it.
import t from 'tap'
import { playPart } from './crash/tap.ts'

// Some 180 cases, with five runs of the program or more each.
t.setTimeout(600_000)

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  const { titles } = await playPart(t, { part: 2, parts: 2, firsts: 1 })
  t.ok(titles.length > 150, `${titles.length} cases`)
})
