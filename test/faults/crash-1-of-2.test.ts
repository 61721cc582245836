// Half of a seeded part of the crash matrix. `npm run test:faults` plays all of it.
import t from 'tap'
import { playPart } from './crash/tap.ts'

t.test('nothing is lost and nothing is left, wherever a run and its recovery are killed', async t => {
  await playPart(t, { part: 1, parts: 2, firsts: 1 })
})
