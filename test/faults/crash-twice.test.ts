// A seeded part of the crash matrix: runs whose recovery is killed as well. `npm run test:faults` plays all of it.
import t from 'tap'
import { playSeeded } from './crash/tap.ts'

t.test('nothing is lost and nothing is left, wherever a run and then its recovery are killed', async t => {
  const verdicts = await playSeeded(t, ({ second }) => second !== null, 150)
  const twice = verdicts.filter(({ killed }) => killed.second).length
  t.ok(twice > 20, `${twice} recoveries were killed as well`)
})
