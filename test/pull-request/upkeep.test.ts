import t from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { upkeepOf } from '../../src/pull-request/upkeep.ts'
import { desiredKey, managedKey, now } from '../support/build.ts'
import { type Case, aged, head, other, pending, planOf, retired, undeclared } from '../support/plan-of.ts'

const wider = desiredKey({ permissions: ['read_scenarios', 'manage_keys'] })
const renamed = desiredKey({ name: 'Another name' })
const old = { createdAt: now - 85 * day, expiresAt: now + 5 * day }
const rows: readonly (readonly [title: string, state: Case, upkeep: readonly string[]])[] = [
  ['a new key', {}, []],
  ['a key past its age', { keys: [aged] }, ['rotate']],
  ['a key past its age that should get more', { desired: [wider], keys: [aged] }, []],
  ['a key past its age that should get another name', { desired: [renamed], keys: [aged] }, []],
  ['a key near its end', { keys: [managedKey(desiredKey(), { live: old })] }, ['rotate']],
  [
    'a key that was changed on the platform',
    { keys: [managedKey(desiredKey(), { live: { name: 'Odd' } })] },
    [],
  ],
  ['a key whose successor took its place', { keys: [retired(), head()] }, ['revoke']],
  [
    'a key that an interrupted run left',
    { keys: [pending(1, undefined, { createdAt: now - hour })] },
    ['heal'],
  ],
  [
    'the same, which should get more',
    { desired: [wider], keys: [pending(1, undefined, { createdAt: now - hour })] },
    [],
  ],
  ['a key that nothing declares', { keys: [managedKey(desiredKey()), undeclared()] }, []],
]

t.test('what time and earlier runs ask for needs no second review, and nothing else', async t => {
  for (const [title, state, upkeep] of rows) {
    const plan = planOf(state)
    t.strictSame(
      upkeepOf(plan, new Set()).map(({ kind }) => kind),
      upkeep,
      title,
    )
  }
})

t.test('leaves out what is approved, or stale, anyway', async t => {
  const plan = planOf({ desired: [desiredKey(), other], keys: [aged] })
  t.strictSame(upkeepOf(plan, new Set(['ci-pipeline'])), [])
})
