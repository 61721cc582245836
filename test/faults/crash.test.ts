// A small part of the crash matrix, always the same: every scene, every crash point. `npm run test:campaigns -- --only crash` plays all of it.
import t from 'tap'
import { crashPoints } from '../../src/apply/crash-points.ts'
import { replayCommand } from '../campaigns/progress.ts'
import { crashPart } from './crash/part.ts'
import { playCase } from './crash/crash-play.ts'
import { replays } from '../support/replay.ts'
import { scenes, storeSets } from './crash/crash-scenes.ts'
import { caseOf, crashPointOf } from './crash/setting.ts'

t.jobs = 3
for (const title of crashPart)
  t.test(`nothing is lost and nothing is left: ${title}`, { buffered: true }, async t => {
    const { setting, kills } = caseOf(title)
    const { faults } = await playCase(setting, kills)
    t.strictSame(faults, [], `played again by: ${replayCommand('crash', title)}`)
  })

t.test(
  'the part has every scene, every set of stores, every way to replay, and a kill at every crash point',
  async t => {
    const cases = crashPart.map(caseOf)
    const all = (what: 'scene' | 'stores' | 'replay') =>
      [...new Set(cases.map(({ setting }) => setting[what]))].sort()
    t.strictSame(all('scene'), Object.keys(scenes).sort())
    t.strictSame(all('stores'), [...storeSets].sort())
    t.strictSame(all('replay'), [...replays].sort())
    const kills = cases.flatMap(({ kills: { first, second } }) => [first, second])
    const killedAt = new Set(kills.filter(place => place !== null).map(crashPointOf))
    t.strictSame([...killedAt].sort(), [...crashPoints].sort())
  },
)
