import t from 'tap'
import { type Change, isHeldInPart, isRefused } from '../../src/model/change.ts'
import { beforeDelivery, ofProof } from '../../src/lifecycle/last-use.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { MarkerState } from '../../src/model/marker.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { lineageOf, nothingProven } from '../../src/lifecycle/lineage.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import {
  callerWith,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  marker,
  neverUsed,
  now,
  pruneRules,
  sealed,
  retiringFor,
  unknownUse,
  usedAt,
} from '../support/build.ts'
import {
  head,
  leaked,
  other,
  pending,
  planOf,
  retired,
  summary,
  undeclared,
  waits,
  key,
  type Case,
} from '../support/plan-of.ts'

t.test('asks the usage gate before every revocation', async t => {
  const agent = 'fluxloop-keys/0.1.0'
  const own = `${agent}${ofProof}`
  const firstLook = `${agent}${beforeDelivery}`
  const rows: readonly (readonly [what: string, live: Partial<LiveKey>, wait: string | null])[] = [
    ['never used', { lastUse: neverUsed }, null],
    ['no data', { lastUse: unknownUse }, 'usage-unknown'],
    ['used a moment ago', { lastUse: usedAt(now) }, 'in-use'],
    ['used just within quiet', { lastUse: usedAt(now - day + 1) }, 'in-use'],
    ['quiet for exactly that long', { lastUse: usedAt(now - day) }, null],
    ['used later than now, by another clock', { lastUse: usedAt(now + hour) }, 'in-use'],
    ['used by nobody knows what', { lastUse: usedAt(now - hour, null) }, 'in-use'],
    ['used by a program whose name contains ours', { lastUse: usedAt(now - hour, `my-${own}`) }, 'in-use'],
    ['looked at by us, and that hides who used it before', { lastUse: usedAt(now - hour, own) }, 'in-use'],
    ['looked at by us, as long ago as is quiet', { lastUse: usedAt(now - day, own) }, null],
    ['looked at by us before anybody had it', { lastUse: usedAt(now - hour, firstLook) }, null],
    ['called with by a run of ours', { lastUse: usedAt(now - hour, agent) }, 'in-use'],
    ['the same words of another program', { lastUse: usedAt(now - hour, `my-${firstLook}`) }, 'in-use'],
    ['expired, and in use', { lastUse: usedAt(now), expiresAt: now }, null],
    ['expired as the platform says', { lastUse: usedAt(now), status: 'expired' }, null],
    ['expired, no data', { lastUse: unknownUse, expiresAt: now - 1 }, null],
  ]
  for (const [what, live, wait] of rows) {
    const superseded = planOf({ keys: [retired(live), head()] })
    const gone = planOf({ desired: [other], keys: [managedKey(other), undeclared(live)] })
    t.strictSame(waits(superseded), wait === null ? [] : [`key_ci-pipeline_1 ${wait}`], what)
    t.strictSame(summary(superseded), wait === null ? ['revoke key_ci-pipeline_1'] : [], what)
    t.strictSame(waits(gone), wait === null ? [] : [`key_gone_1 ${wait}`], what)
    t.strictSame(summary(gone), wait === null ? ['revoke key_gone_1'] : [], what)
    for (const waived of ['key_gone_1', 'gone']) {
      const through = planOf({
        desired: [other],
        keys: [managedKey(other), undeclared(live)],
        options: { revokeInUse: [waived] },
      })
      t.strictSame(summary(through), ['revoke key_gone_1'], `${what}, let through by ${waived}`)
    }
  }

  const ofState = (state: 'pending' | 'leaked', live: Partial<LiveKey>) =>
    planOf({ keys: [managedKey(key, { state: { kind: state }, live }), head()] })
  t.strictSame(waits(ofState('leaked', { lastUse: usedAt(now) })), [], 'leaked: no gate')
  t.strictSame(
    waits(ofState('pending', { lastUse: usedAt(now, firstLook) })),
    [],
    'pending, and not delivered',
  )
  t.strictSame(
    waits(ofState('pending', { lastUse: usedAt(now, own) })),
    ['key_ci-pipeline_1 in-use'],
    'pending, and found in a store',
  )
  t.strictSame(waits(ofState('pending', { lastUse: usedAt(now) })), ['key_ci-pipeline_1 in-use'])
})

t.test('gives a leaked key no grace', async t => {
  const plan = planOf({ keys: [leaked(1, { lastUse: usedAt(now) }), head({ createdAt: now - hour })] })
  t.strictSame(summary(plan), ['revoke key_ci-pipeline_1'])
})

t.test('holds revocations and defers rotations above the limits, and says the figures', async t => {
  const keysOf = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => desiredKey({ keyId: `${prefix}-${index}` }))
  const plan = (action: 'revoke' | 'rotate', live: number, count: number, raised: number | null = null) => {
    const stay = keysOf('stay', live - (action === 'revoke' ? count : 0))
    const old = { createdAt: now - 61 * day, expiresAt: now + 29 * day }
    return planOf({
      desired: stay,
      keys:
        action === 'revoke'
          ? [...stay, ...keysOf('gone', count)].map(desired => managedKey(desired))
          : stay.map((desired, index) => managedKey(desired, { live: index < count ? old : {} })),
      options: { maxRevoke: raised, maxRotate: raised },
    })
  }
  for (const action of ['revoke', 'rotate'] as const) {
    for (const [live, count, raised, allowed] of [
      [3, 2, null, 2],
      [4, 3, null, 2],
      [11, 3, null, 2],
      [12, 3, null, 3],
      [40, 10, null, 10],
      [40, 11, null, 10],
      [40, 12, 12, 12],
      [40, 12, 11, 11],
      [40, 10, 0, 10],
    ] as const) {
      const made = plan(action, live, count, raised)
      const what = `${action} ${count} of ${live}, ${raised ?? 'not'} raised`
      const done = made.changes.filter(({ kind }) => kind === action).length
      t.equal(done, count <= allowed ? count : action === 'revoke' ? 0 : allowed, what)
      t.equal(made.deferred.length, action === 'rotate' ? count - done : 0, what)
      t.equal(made.retiring.length, action === 'revoke' ? count - done : 0, what)
      t.strictSame([isRefused(made), isHeldInPart(made)], [false, action === 'revoke' && done === 0], what)
    }
    t.match(plan(action, 40, 12, 11).findings, [
      { code: 'limit', action, count: 12, live: 40, allowed: 11, share: 0.25, always: 2 },
    ])
  }
})
t.test('counts only what nobody asked for against the limits', async t => {
  const four = Array.from({ length: 4 }, (_, index) => desiredKey({ keyId: `key-${index}` }))
  const stores = [sealed]
  const rows: readonly (readonly [what: string, kind: Change['kind'], done: number, row: Case])[] = [
    [
      'retiring keys go',
      'revoke',
      4,
      {
        desired: four,
        keys: four.flatMap(one => [
          managedKey(one, { state: retiringFor(`key_${one.keyId}_2`, 9 * day) }),
          managedKey(one, { generation: 2 }),
        ]),
      },
    ],
    [
      'another environment is declared',
      'rotate',
      4,
      { desired: four, keys: four.map(one => managedKey(one, { live: { environment: 'prod' } })) },
    ],
    [
      'keys leaked',
      'rotate',
      4,
      { desired: four, keys: four.map(one => managedKey(one, { state: { kind: 'leaked' } })) },
    ],
    [
      'a store is added, and none can be read',
      'deliver',
      2,
      { desired: four.map(one => ({ ...one, stores })), keys: four.map(one => managedKey(one)) },
    ],
    [
      'secrets are stale, and no store can be read',
      'deliver',
      4,
      {
        desired: four.map(one => ({ ...one, stores })),
        keys: four.map(one =>
          managedKey(
            { ...one, stores },
            {
              live: { regeneratedAt: now - day, expiresAt: now + 89 * day },
              state: {
                kind: 'delivered',
                visibleEnd: 'ab12c',
                at: now - 9 * day,
              },
            },
          ),
        ),
      },
    ],
  ]
  for (const [what, kind, done, row] of rows) {
    const plan = planOf(row)
    t.equal(plan.changes.filter(change => change.kind === kind).length, done, what)
    t.equal(plan.deferred.length, 4 - done, what)
  }
})

t.test('sorts the live keys of one key id by what they say, and knows which leads', async t => {
  const made = (generation: number, state: MarkerState | undefined, live: Partial<LiveKey> = {}) =>
    managedKey(key, { generation, live, ...(state === undefined ? {} : { state }) })
  const delivered = (generation: number, live: Partial<LiveKey> = {}) => made(generation, undefined, live)
  const external = { kind: 'external' } as const
  const gone = retiringFor('key_gone', day)
  type Ranks = Partial<Record<'head' | 'rivals' | 'pending' | 'retiring' | 'leaked', string>>
  const rows: readonly (readonly [
    what: string,
    keys: readonly LiveKey[],
    proven: readonly string[],
    ranks: Ranks,
    next: number,
  ])[] = [
    ['nothing lives', [], [], {}, 1],
    ['one is delivered', [delivered(1)], [], { head: '1' }, 2],
    ['an adopted one leads, too', [made(2, external), made(1, gone)], [], { head: '2', retiring: '1' }, 3],
    [
      'several are delivered, and one is proven',
      [delivered(3), delivered(1)],
      ['1'],
      { head: '1', rivals: '3' },
      2,
    ],
    ['none of them is proven', [delivered(3), delivered(1)], [], { rivals: '1 3' }, 2],
    [
      'the one that was delivered last is proven, as all are',
      [delivered(1), delivered(2, { createdAt: now - day })],
      ['1', '2'],
      { head: '2', rivals: '1' },
      3,
    ],
    [
      'a pending one takes no place',
      [delivered(1), pending(2), pending(3)],
      [],
      { head: '1', pending: '3 2' },
      2,
    ],
    ['a number that somebody made up ends no counting', [made(999_999, gone)], [], { retiring: '999999' }, 1],
    ['only retiring ones are left', [made(1, gone), made(2, gone)], [], { retiring: '2 1' }, 3],
    ['a leaked one leads nothing', [leaked(2), pending(3)], [], { leaked: '2', pending: '3' }, 4],
  ]
  const short = (keys: readonly { live: LiveKey }[]) =>
    keys.map(({ live }) => live.id.replace('key_ci-pipeline_', '')).join(' ')
  for (const [what, keys, proven, ranks, next] of rows) {
    const isProven = (_: string, { id }: { id: string }) =>
      proven.includes(id.replace('key_ci-pipeline_', ''))
    for (const order of [keys, [...keys].reverse()]) {
      const { lineages } = ownedKeys(desiredState(), order, now, { isProven, isHeld: nothingProven })
      const { head, rivals, retiring, ...rest } = lineages.get('ci-pipeline') ?? lineageOf('ci-pipeline', [])
      t.strictSame(
        {
          head: short(head === null ? [] : [head]),
          rivals: short(rivals).split(' ').sort().join(' '),
          pending: short(rest.pending).split(' ').sort().reverse().join(' '),
          retiring: short(retiring).split(' ').sort().reverse().join(' '),
          leaked: short(rest.leaked),
        },
        { head: '', rivals: '', pending: '', retiring: '', leaked: '', ...ranks },
        what,
      )
      if (keys.length < 2) t.equal(rest.next, next, what)
    }
  }
})

t.test('touches nothing that is not its own', async t => {
  const foreign = (overrides: Parameters<typeof marker>[0]) =>
    liveKey({ id: 'key_foreign', name: key.name, ownership: { kind: 'managed', marker: marker(overrides) } })
  for (const live of [
    foreign({ stack: 'another-team' }),
    foreign({ keyId: 'gone', state: { kind: 'released', at: now - day } }),
    liveKey(),
    liveKey({ ownership: { kind: 'unreadable', text: '[fk2 ...' } }),
    managedKey(desiredKey({ keyId: 'gone' }), { live: { status: 'revoked' } }),
  ]) {
    const plan = planOf({ keys: [managedKey(), live] })
    t.strictSame([summary(plan), plan.retiring, plan.managed], [[], [], 1])
  }
  const unmanaged = [liveKey({ id: 'key_b' }), liveKey({ id: 'key_a' })]
  t.strictSame(
    planOf({ keys: [managedKey(), ...unmanaged] }).unmanaged.map(({ id }) => id),
    ['key_a', 'key_b'],
  )
  const prune = { ...pruneRules, unmanaged: 'ignore' } as const
  t.strictSame(planOf({ keys: [managedKey(), ...unmanaged], state: { prune } }).unmanaged, [])
})

t.test('shows the calling key among other unmanaged keys, never alone, and never prunes it', async t => {
  const calling = liveKey({ id: 'key_caller' })
  const shown = (...keys: readonly LiveKey[]) => {
    const plan = planOf({ keys: [managedKey(), ...keys], current: { caller: callerWith() } })
    return [plan.unmanaged.map(({ id }) => id), plan.callingLiveId]
  }
  t.strictSame(shown(calling, liveKey({ id: 'key_a' })), [['key_a', 'key_caller'], 'key_caller'])
  t.strictSame(shown(calling), [[], 'key_caller'])
  for (const rule of [{ unmanaged: 'revoke' }, { unused: { action: 'revoke', after: day } }] as const) {
    const prune = { ...pruneRules, ...rule }
    const old = { createdAt: now - 40 * day, lastUse: neverUsed }
    const keys = [managedKey(), liveKey({ id: 'key_a', ...old }), liveKey({ id: 'key_caller', ...old })]
    const plan = planOf({ keys, current: { caller: callerWith() }, state: { prune } })
    t.strictSame([summary(plan), plan.unmanaged], [['revoke key_a'], []])
  }
})
