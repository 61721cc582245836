// The other half of a seeded part of the crash matrix. `npm run test:faults` plays all of it.
import t from 'tap'
import { checkpoints } from '../../src/apply/run.ts'
import { playPart } from './crash/tap.ts'

// Some 140 cases, with five runs of the program or more each.
t.setTimeout(600_000)

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  const { titles, places } = await playPart(t, { part: 3, parts: 4, firsts: 2 })
  t.ok(titles.length >= 130, `${titles.length} cases`)
  const met = new Set(places.map(place => place.split(':')[0]))
  t.strictSame([...met].sort(), [...checkpoints].sort(), 'every checkpoint that there is was met')
})
