import { readFileSync } from 'node:fs'
import t from 'tap'
import { planPicture } from '../../scripts/plan-picture.ts'

t.test('the picture of the README is drawn from the plan as it is', async t => {
  const picture = readFileSync(new URL('../../docs/plan.svg', import.meta.url), 'utf8')
  t.equal(picture, planPicture(), 'run npm run picture')
  t.match(picture, /loses<.*access</)
  t.notMatch(picture, String.raw`\e[`)
})
