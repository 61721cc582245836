// `adopt:` takes a live key over as it is: which one, what changes of it, and what happens to it later.
import t from 'tap'
import { isHeldInPart } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import {
  callerWith,
  desiredKey,
  liveKey,
  managedKey,
  marker,
  nothing,
  now,
  pruneRules,
  stack,
} from '../support/build.ts'
import { codes, other, planOf, summary } from '../support/plan-of.ts'

/** A key made by hand, just as `adopter` declares it. */
const found = (overrides: Partial<LiveKey> = {}): LiveKey => ({
  ...managedKey(adopter),
  id: 'key_found',
  ownership: { kind: 'unmanaged' },
  ...overrides,
})
const adopter = desiredKey({ adopt: 'key_found' })
const released = (at: number, owner = 'other-team') =>
  managedKey(adopter, {
    live: { id: 'key_found' },
    state: { kind: 'released', at },
    marked: { stack: owner, keyId: 'theirs' },
  })

t.test('adopts a key by its id, or by a name that only one free key has', async t => {
  const byName = desiredKey({ adopt: adopter.name })
  for (const desired of [adopter, byName]) {
    const plan = planOf({ desired: [desired], keys: [found()] })
    t.strictSame(summary(plan), ['adopt key_found'])
    t.strictSame(plan.unmanaged, [], 'it is nobody’s no more')
  }
  const managed = managedKey(other, { live: { name: adopter.name } })
  t.strictSame(summary(planOf({ desired: [byName, other], keys: [found(), managed] })).slice(0, 1), [
    'adopt key_found',
  ])
})

t.test(
  'brings what differs up to date in the same request, and names the configuration as the cause',
  async t => {
    const live = found({
      name: 'Old',
      description: 'by hand',
      permissions: ['*'],
      scope: 'all',
      expiresAt: null,
    })
    const [change] = planOf({ desired: [{ ...adopter, protect: true }], keys: [live] }).changes
    if (change?.kind !== 'adopt') throw new Error('it is adopted')
    t.strictSame(
      change.fields.map(({ field, cause, widens }) => [field, cause, widens]),
      [
        ['name', 'changed', false],
        ['description', 'changed', false],
        ['scope', 'changed', false],
        ['permissions', 'changed', false],
        ['expires', 'changed', false],
        ['protect', 'changed', false],
      ],
    )
  },
)

t.test('refuses what it cannot adopt, and says why', async t => {
  const why = (keys: readonly LiveKey[], adopt = 'key_found') =>
    planOf({ desired: [desiredKey({ adopt })], keys }).findings.map(finding =>
      finding.code === 'cannot-adopt' ? [finding.cause, finding.owner ?? finding.liveIds] : [finding.code],
    )
  t.strictSame(why([]), [['not-found', []]])
  t.strictSame(why([found({ status: 'revoked' })]), [['not-found', []]])
  t.strictSame(why([found(), found({ id: 'key_2' })], adopter.name), [['ambiguous', ['key_2', 'key_found']]])
  const theirs = managedKey(adopter, {
    live: { id: 'key_found' },
    marked: { stack: 'other-team', keyId: 'x' },
  })
  t.strictSame(why([theirs]), [['managed', 'other-team/x']])
  t.strictSame(
    why([found({ name: 'Odd', ownership: { kind: 'unreadable', text: '[fk2' } })], 'Odd'),
    [['unreadable', ['key_found']], ['marker-unreadable']].toReversed(),
  )
  const twice = planOf({ desired: [adopter, { ...other, adopt: 'key_found' }], keys: [found()] })
  t.strictSame([summary(twice), isHeldInPart(twice)], [[], true])
  t.strictSame(codes(twice), ['cannot-adopt', 'cannot-adopt'])
})

t.test('takes a key by its id, whatever somebody made of its description', async t => {
  for (const ownership of [
    { kind: 'unreadable', text: '[fk2' },
    { kind: 'copied', marker: marker({ stack: 'other-team' }) },
  ] as const) {
    const plan = planOf({ desired: [adopter], keys: [found({ ownership })] })
    t.strictSame([summary(plan), codes(plan)], [['adopt key_found'], []])
  }
})

t.test('takes a key that another stack gave up, in the month after and later', async t => {
  for (const at of [now - hour, now - 40 * day]) {
    t.strictSame(summary(planOf({ desired: [adopter], keys: [released(at)] })), ['adopt key_found'])
  }
  t.strictSame(summary(planOf({ desired: [adopter], keys: [released(now - hour, stack)] })), [
    'adopt key_found',
  ])
})

t.test('does nothing more once it is adopted, however old it gets and whatever its stores are', async t => {
  const external = managedKey(adopter, {
    state: { kind: 'external' },
    marked: { stores: [] },
    live: { id: 'key_found', createdAt: now - 400 * day, expiresAt: null },
  })
  const endless = { ...adopter, expires: { kind: 'never' } as const }
  t.strictSame(summary(planOf({ desired: [endless], keys: [external] })), [])
  t.strictSame(codes(planOf({ desired: [endless], keys: [external] })), [])
  const rotated = managedKey(adopter, { generation: 2 })
  t.strictSame(codes(planOf({ desired: [adopter], keys: [rotated] })), [], 'nor once it is gone')
})

t.test('warns where nobody will rotate an adopted key that ends', async t => {
  const ends = managedKey(adopter, {
    state: { kind: 'external' },
    live: { createdAt: now - 85 * day, expiresAt: now + 5 * day },
  })
  const plan = planOf({ desired: [adopter], keys: [ends] })
  t.strictSame(summary(plan), [])
  t.match(plan.findings, [{ code: 'rotate-by-hand', cause: 'ends', at: now + 5 * day }])
})

t.test('prunes no key that is to be adopted, nor calls its name taken', async t => {
  const twin = desiredKey({ keyId: 'twin' })
  const plan = planOf({
    desired: [{ ...adopter, name: 'Renamed' }, twin],
    keys: [found()],
    state: { prune: { ...pruneRules, unmanaged: 'revoke' } },
  })
  t.strictSame(summary(plan), ['adopt key_found name', 'create twin g1'])
  t.strictSame(codes(plan), [])
})

t.test('refuses to widen beyond the caller, and does not narrow the calling key', async t => {
  const lesser = callerWith({ permissions: ['manage_keys', 'read_scenarios'] })
  const live = found({ permissions: ['read_scenarios'] })
  t.strictSame(codes(planOf({ desired: [adopter], keys: [live], current: { caller: lesser } })), [
    'grants-beyond-caller',
  ])
  t.strictSame(codes(planOf({ desired: [adopter], keys: [found()], current: { caller: lesser } })), [])
  const calling = planOf({
    desired: [adopter],
    keys: [found({ permissions: ['*'] })],
    current: { caller: callerWith({ id: 'key_found' }) },
  })
  t.strictSame(summary(calling), ['adopt key_found'])
  t.strictSame(codes(calling), ['calling-key'])
})

t.test(
  'takes away what is not declared from a key that gets nothing more, since nothing proves it',
  async t => {
    const byName = desiredKey({
      adopt: 'Mine',
      scope: ['customer-support-bot'],
      permissions: ['read_scenarios', 'upload_results'],
    })
    const live = liveKey({
      id: 'key_mine',
      name: 'Mine',
      scope: ['customer-support-bot', 'sales-assistant'],
      permissions: ['read_scenarios', 'manage_keys'],
    })
    const row = { desired: [byName], keys: [live], options: { signed: nothing } }
    const plan = planOf(row)
    const [change] = plan.changes
    if (change?.kind !== 'adopt') throw new Error('it is adopted')
    const written = change.fields.filter(({ field }) => field === 'scope' || field === 'permissions')
    t.match(written, [
      { field: 'scope', desired: ['customer-support-bot'], widens: false },
      { field: 'permissions', desired: ['read_scenarios'], widens: false },
    ])
    t.match(
      plan.findings.filter(({ code }) => code === 'unproven'),
      [{ fields: ['permissions'] }],
    )
    const adopted = managedKey(byName, {
      state: { kind: 'external' },
      live: { ...live, permissions: ['manage_keys'] },
    })
    const after = planOf({ ...row, keys: [{ ...adopted, scope: ['customer-support-bot'] }] })
    t.strictSame(
      after.changes
        .flatMap(one => ('fields' in one ? one.fields.map(({ field }) => field) : []))
        .includes('permissions'),
      false,
      'where nothing would remain, it stays',
    )
  },
)

t.test('leaves a free key alone that only looks like the one', async t => {
  t.strictSame(summary(planOf({ desired: [other], keys: [liveKey()] })), ['create other g1'])
})
