// The cases in which campaigns found a fault.
import t from 'tap'
import { playTitle } from './all.ts'
import { found } from './found.ts'

t.jobs = 2
for (const title of found)
  t.test(title, { buffered: true }, async t => {
    t.strictSame(await playTitle(title), [])
  })
