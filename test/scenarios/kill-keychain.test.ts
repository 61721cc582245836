// As kill.test.ts, with the secret in a real keychain. Files of their own, since each takes a while.
import t from 'tap'
import { type Variant, everyKill, scene } from '../support/kill-and-heal.ts'
import { needs } from '../support/needs.ts'
import { keyringPrograms, sessionBus } from '../support/session-bus.ts'

const keyring: Variant = async t => {
  const bus = await sessionBus(t)
  const made = await scene(t, '      - keychain\n', bus.env)
  return { ...made, stored: async () => [await bus.lookup('fluxloop', 'kill-test/ci-pipeline')] }
}

t.test('heals every kill, where the secret goes into a real keychain', async t => {
  if (!keyringPrograms.every(program => needs(t, program))) return
  everyKill(t, ['overlap rotation'], keyring, 1)
})
