import t from 'tap'
import { allPermissions, permissionSet } from '../../src/model/permission.ts'
import type { Cause, FieldChange } from '../../src/model/field-change.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { rotationReasons } from '../../src/lifecycle/due.ts'
import { fieldChanges } from '../../src/plan/fields.ts'
import { days, desiredKey, managedKey, now } from '../support/build.ts'

const never = { kind: 'never' } as const

/** What a PATCH would do to a key that was applied as `former` says and then changed by someone to `live`. */
function diff(declared: Partial<DesiredKey>, live: Partial<LiveKey>): readonly FieldChange[] {
  const key = managedKey(desiredKey(), { live })
  if (key.ownership.kind !== 'managed') throw new Error('built as managed')
  return fieldChanges(desiredKey(declared), { live: key, marker: key.ownership.marker }, now)
}

type Row = readonly [
  what: string,
  declared: Partial<DesiredKey>,
  live: Partial<LiveKey>,
  cause: Cause,
  widens: boolean,
]

t.test('says of each field why it differs, and whether it widens', async t => {
  const end = now + 80 * day
  const rows = {
    name: [
      ['edited', {}, { name: 'Edited' }, 'drift', false],
      ['declared anew', { name: 'Release' }, {}, 'changed', false],
      ['both', { name: 'Release' }, { name: 'Edited' }, 'both', false],
    ],
    description: [
      ['edited', {}, { description: 'Edited' }, 'drift', false],
      ['declared anew', { description: '' }, {}, 'changed', false],
      ['both', { description: 'Release' }, { description: 'Edited' }, 'both', false],
    ],
    scope: [
      ['widened by someone', {}, { scope: 'all' }, 'drift', false],
      ['narrowed by someone', {}, { scope: ['sales-assistant'] }, 'drift', true],
      ['declared wider', { scope: 'all' }, {}, 'changed', true],
      ['declared narrower', { scope: ['sales-assistant'] }, {}, 'changed', false],
      ['moved to another project', { scope: ['analytics-agent'] }, {}, 'changed', true],
      ['both', { scope: ['sales-assistant'] }, { scope: 'all' }, 'both', false],
    ],
    permissions: [
      ['widened by someone', {}, { permissions: ['*'] }, 'drift', false],
      ['narrowed by someone', {}, { permissions: ['read_scenarios'] }, 'drift', true],
      ['declared wider', { permissions: ['*'] }, {}, 'changed', true],
      ['declared narrower', { permissions: ['read_scenarios'] }, {}, 'changed', false],
      ['both', { permissions: ['read_results'] }, { permissions: ['*'] }, 'both', false],
    ],
    expires: [
      ['shortened by someone', {}, { expiresAt: end - 2 * day }, 'drift', true],
      ['made endless by someone', {}, { expiresAt: null }, 'drift', false],
      ['declared longer', { expires: days(120) }, {}, 'changed', true],
      ['declared shorter', { expires: days(60) }, {}, 'changed', false],
      ['declared endless', { expires: never }, {}, 'changed', true],
    ],
    protect: [['declared', { protect: true }, {}, 'changed', false]],
  } satisfies Record<
    Exclude<FieldChange['field'], 'state' | 'signature' | 'key id' | 'stack'>,
    readonly Row[]
  >
  for (const [field, table] of Object.entries(rows)) {
    for (const [what, declared, live, cause, widens] of table) {
      t.strictSame(
        diff(declared, live).map(change => [change.field, change.cause, change.widens]),
        [[field, cause, widens]],
        `${field}: ${what}`,
      )
    }
  }
})

t.test('all permissions differ from a list of the nine: they are more, and widen', async t => {
  const nine = permissionSet(allPermissions)
  const widening = diff({ permissions: ['*'] }, { permissions: nine })
  t.match(widening, [{ field: 'permissions', current: nine, desired: ['*'], widens: true }])
  const narrowing = diff({ permissions: nine }, { permissions: ['*'] })
  t.match(narrowing, [{ field: 'permissions', current: ['*'], desired: nine, widens: false }])
})

t.test('finds no difference where two ways of writing mean the same', async t => {
  t.strictSame(diff({}, { expiresAt: now + 80 * day - day + 1 }), [], 'less than a day')
  t.strictSame(
    diff({ expires: days(20) }, { expiresAt: now + 10 * day + day }).map(({ field }) => field),
    ['expires'],
    'a twentieth of 20 days is a day',
  )
  t.strictSame(diff({}, { expiresAt: now + 80 * day - day }).length, 1, 'a day')
})

t.test('rotates by age and by end of life at the very moment, and no earlier', async t => {
  const codes = (desired: DesiredKey, live: Partial<LiveKey>) =>
    rotationReasons(desired, managedKey(desired, { live }), undefined, now).map(({ code }) => code)
  const ageless = desiredKey({ rotation: { maxAge: null, renewBefore: 9 * day } })
  const madeAt = now + 9 * day - 90 * day
  t.strictSame(codes(desiredKey(), { createdAt: now - 60 * day }), ['past-max-age'])
  t.strictSame(codes(desiredKey(), { createdAt: now - 60 * day + 1 }), [])
  t.strictSame(
    codes(desiredKey(), { createdAt: now - 80 * day, regeneratedAt: now - day }),
    [],
    'age counts from the last regeneration',
  )
  t.strictSame(codes(ageless, { createdAt: madeAt }), [], 'just as long as renewBefore')
  t.strictSame(codes(ageless, { createdAt: madeAt - 1 }), ['ends-soon'])
  t.strictSame(codes(ageless, { expiresAt: now + 1 }), [], 'an end that a PATCH can put right')
  t.strictSame(codes(ageless, { expiresAt: now }), ['expired'])
  t.strictSame(codes(ageless, { status: 'expired' }), ['expired'])
  t.strictSame(codes({ ...ageless, expires: never }, { expiresAt: now - hour }), ['expired'])
  for (const at of [now - day, now, now + hour, now + 400 * day]) {
    const dated: DesiredKey = { ...ageless, expires: { kind: 'until', at } }
    t.strictSame(codes(dated, { status: at <= now ? 'expired' : 'active' }), [], 'a fixed date never')
  }
  t.strictSame(codes({ ...ageless, environment: null }, { environment: 'prod' }), [], 'left to the platform')
  t.strictSame(codes(ageless, { environment: null }), [], 'the platform does not say')
})
