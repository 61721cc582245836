// Kills the built program at every step that makes and delivers a secret, where the stores are real ones, and shows that the next
// apply heals what was left. Every other step, and every kill of a recovery, is in `npm run test:faults`.
import { join } from 'node:path'
import t from 'tap'
import { type Variant, everyKill, scene } from '../support/kill-and-heal.ts'
import { needs } from '../support/needs.ts'
import { ended } from '../support/program.ts'

const files: Variant = async t => {
  const stores = `
      - age-file: { path: 'secrets/{key}.age', identity: identity.txt }
      - env-file: { path: agents.env, name: FLUXLOOP_API_KEY }
`
  const made = await scene(t, stores, {})
  const { place } = made
  await ended('age-keygen', ['-o', join(place.work, 'identity.txt')])
  return {
    ...made,
    stored: async () => {
      const secret = join(place.work, 'secrets/ci-pipeline.age')
      const age = await ended('age', ['-d', '-i', join(place.work, 'identity.txt'), secret])
      const env = await place.read('agents.env').catch(() => '')
      return [age.stdout.trim(), /^FLUXLOOP_API_KEY=["']?(.*?)["']?$/m.exec(env)?.[1] ?? '']
    },
  }
}

t.test('heals every kill, where the secret goes into an age file and an env file', async t => {
  if (!needs(t, 'age') || !needs(t, 'age-keygen')) return
  everyKill(t, ['create'], files, 2)
})
