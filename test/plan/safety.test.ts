import t from 'tap'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import { storesToFind } from '../../src/plan/lost-stores.ts'
import { planToJson } from '../../src/render/plan/plan-json.ts'
import {
  callerWith,
  days,
  desiredKey,
  desiredState,
  envFile,
  keychain,
  liveKey,
  managedKey,
  neverUsed,
  now,
  otherHost,
  retiringFor,
  sealed,
  thisHost,
  usedAt,
} from '../support/build.ts'
import {
  type Case,
  codes,
  formerly,
  head,
  key,
  leaked,
  other,
  pending,
  planOf,
  retired,
  summary,
  waits,
} from '../support/plan-of.ts'

t.test('never sets an end that is past, or so near that the key is due', async t => {
  // Made 70 days ago for 90 days; now 30 days are declared, which ended 40 days ago.
  const short = desiredKey({ expires: days(30), rotation: { renewBefore: 3 * day } })
  const made = { createdAt: now - 70 * day }
  const local = { localKeys: new Set(['ci-pipeline']) }
  const rows = {
    'a head that rotates': [[managedKey(key, { live: made })], ['rotate key_ci-pipeline_1 g2']],
    'a head of another host': [[managedKey(key, { live: made, marked: { host: otherHost } })], []],
    'an adopted head': [[managedKey(key, { live: made, state: { kind: 'external' } })], []],
    'a head whose successor is being made elsewhere': [
      [managedKey(key, { live: made }), pending(2, otherHost, { createdAt: now - minute })],
      [],
    ],
  } satisfies Record<string, readonly [readonly LiveKey[], readonly string[]]>
  for (const [what, [keys, does]] of Object.entries(rows)) {
    t.strictSame(summary(planOf({ desired: [short], keys, options: local })), does, what)
  }
  const nearly = desiredKey({ expires: days(72), rotation: { renewBefore: 3 * day } })
  const near = managedKey(key, { live: made, state: { kind: 'external' } })
  t.strictSame(summary(planOf({ desired: [nearly], keys: [near] })), [], 'an end within renewBefore')
  const past = desiredKey({ expires: { kind: 'until', at: now - day } })
  const plan = planOf({ desired: [past], keys: [managedKey(key)] })
  t.strictSame([summary(plan), codes(plan)], [[], ['date-past', 'end-withheld']], 'a date that has passed')
  const shorter = desiredKey({ expires: days(60), rotation: { renewBefore: 9 * day, maxAge: null } })
  t.strictSame(summary(planOf({ desired: [shorter], keys: [managedKey(key)] })), [
    'update key_ci-pipeline_1 expires',
  ])
})

t.test('sees a date that moved by one day, and none in what a platform rounds', async t => {
  const until = (at: number) => desiredKey({ expires: { kind: 'until', at } })
  const at = Date.UTC(2027, 5, 1)
  for (const [what, live, does] of [
    ['the next day', at - day, ['update key_ci-pipeline_1 expires']],
    ['the end of that day', at + day - 1000, []],
  ] as const) {
    const plan = planOf({
      desired: [until(at)],
      keys: [managedKey(until(at), { live: { expiresAt: live } })],
    })
    t.strictSame(summary(plan), does, what)
  }
})

t.test('never narrows the calling key, not even where the same field widens', async t => {
  const caller = callerWith({ id: 'key_ci-pipeline_1' })
  const rows: readonly (readonly [
    what: string,
    live: Partial<LiveKey>,
    does: readonly string[],
    narrows: boolean,
  ])[] = [
    ['one project for another', { scope: ['customer-support-bot', 'analytics-agent'] }, [], true],
    ['one permission for another', { permissions: ['read_scenarios', 'read_results'] }, [], true],
    ['a shorter life', { expiresAt: null }, [], true],
    ['a project more', { scope: ['sales-assistant'] }, ['update key_ci-pipeline_1 scope'], false],
    ['a longer life', { expiresAt: now + 50 * day }, ['update key_ci-pipeline_1 expires'], false],
    ['a name', { name: 'CI', permissions: ['*'] }, ['update key_ci-pipeline_1 name'], true],
  ]
  for (const [what, live, does, narrowing] of rows) {
    const plan = planOf({ keys: [managedKey(key, { live })], current: { caller } })
    t.strictSame([summary(plan), codes(plan)], [does, narrowing ? ['calling-key'] : []], what)
  }
  const predecessor = [retired({ scope: 'all', createdAt: now - 2 * day }), head({ createdAt: now - hour })]
  t.strictSame(summary(planOf({ keys: predecessor, current: { caller } })), [])
  t.strictSame(summary(planOf({ keys: predecessor })), ['update key_ci-pipeline_1 scope'])
})

t.test('never gives a retiring key anything, and says where nothing would remain of it', async t => {
  const rows = [
    [{ scope: ['analytics-agent'] }, undefined, ['not-narrowed']],
    [{ scope: ['analytics-agent', 'sales-assistant'] }, ['sales-assistant'], []],
    [{ scope: ['sales-assistant'] }, undefined, []],
    [{ permissions: ['read_results'] }, undefined, ['not-narrowed']],
    [{ permissions: ['*'] }, key.permissions, []],
  ] as const
  for (const [live, desired, says] of rows) {
    const plan = planOf({ keys: [retired(live), head({ createdAt: now - hour })] })
    const [change] = plan.changes
    const [field] = change?.kind === 'update' ? change.fields : []
    t.strictSame([field?.desired, codes(plan)], [desired, says])
    t.notOk(field?.widens)
  }
})

t.test('takes a use of an adopted key for a use, even by this program', async t => {
  const used = usedAt(now - hour, 'fluxloop-keys/0.1.0')
  const state = retiringFor('key_ci-pipeline_2', 9 * day, now - 10 * day)
  const adopted = managedKey(key, { state, live: { lastUse: used } })
  t.strictSame(waits(planOf({ keys: [adopted, head()] })), ['key_ci-pipeline_1 in-use'])
})

t.test('never takes a predecessor for the head again where the head leaked', async t => {
  const plan = planOf({ keys: [retired(), leaked(2, { lastUse: usedAt(now) })] })
  t.strictSame(summary(plan), ['rotate key_ci-pipeline_2 g3', 'revoke key_ci-pipeline_2'])
  t.strictSame(waits(plan), ['key_ci-pipeline_1 successor-pending'])
  const local = { localKeys: new Set(['ci-pipeline']) }
  const theirs = managedKey(key, { state: { kind: 'leaked' }, marked: { host: otherHost } })
  const elsewhere = planOf({ keys: [theirs], options: local })
  t.strictSame([summary(elsewhere), codes(elsewhere)], [[], ['other-host']], 'what leaked waits for its host')
  t.strictSame(waits(elsewhere), ['key_ci-pipeline_1 successor-pending'])
})

t.test('prunes a head only with all that would lead in its place where it is declared anew', async t => {
  const latest = head({ createdAt: now - 9 * day })
  const pruned = (predecessor: Partial<LiveKey>) =>
    planOf({ desired: [other], keys: [managedKey(other), managedKey(key, { live: predecessor }), latest] })
  t.strictSame(summary(pruned({})), ['revoke key_ci-pipeline_1', 'revoke key_ci-pipeline_2'])
  const held = pruned({ lastUse: usedAt(now - hour) })
  t.strictSame(summary(held), [])
  t.strictSame(waits(held), ['key_ci-pipeline_1 in-use', 'key_ci-pipeline_2 predecessor-alive'])
  const caller = callerWith({ id: 'key_ci-pipeline_1' })
  const calling = planOf({
    desired: [other],
    keys: [managedKey(other), managedKey(key), latest],
    current: { caller },
  })
  t.strictSame(summary(calling), [], 'nor where the predecessor is the calling key')
})

t.test('revokes in the same plan what the head, once recovered, lets go', async t => {
  const stale = managedKey(key, { generation: 2, marked: { stores: ['bbbb00'] } })
  t.strictSame(summary(planOf({ keys: [retired(), stale] })), [
    'deliver key_ci-pipeline_2 g3',
    'revoke key_ci-pipeline_1',
  ])
  t.strictSame(
    summary(planOf({ keys: [retired(), head(), pending(3, thisHost, { createdAt: now - hour })] })),
    ['heal key_ci-pipeline_3 g4', 'revoke key_ci-pipeline_1'],
  )
})

t.test('replaces a pending key that would be due once it is finished', async t => {
  const old = { createdAt: now - 70 * day, expiresAt: now + 20 * day }
  const recent = { createdAt: now - hour }
  const rows = [
    ['too old', [pending(1, thisHost, old)], ['rotate key_ci-pipeline_1 g2']],
    [
      'of another environment',
      [pending(1, thisHost, { environment: 'dev' })],
      ['rotate key_ci-pipeline_1 g2'],
    ],
    ['only a lower one', [pending(1, thisHost, old), pending(2)], ['heal key_ci-pipeline_2 g3']],
    [
      'no room for another',
      [1, 2, 3].map(number => pending(number, otherHost, { ...recent, environment: 'dev' })),
      [],
    ],
    [
      'with too wide a scope',
      [pending(1, thisHost, { ...old, scope: 'all' })],
      ['rotate key_ci-pipeline_1 g2', 'update key_ci-pipeline_1 scope'],
    ],
  ] as const
  for (const [what, keys, does] of rows) t.strictSame(summary(planOf({ keys })), does, what)
})

t.test('makes no secret that would be dead before it is delivered', async t => {
  const past = desiredKey({ expires: { kind: 'until', at: now } })
  for (const keys of [
    [],
    [managedKey(past, { state: { kind: 'pending' }, marked: { host: thisHost } })],
    [managedKey(past, { marked: { stores: [] }, live: { status: 'expired' } })],
    [managedKey(past, { live: { environment: 'dev' } })],
  ]) {
    const plan = planOf({ desired: [past], keys })
    t.strictSame([summary(plan), codes(plan)], [[], ['date-past']])
  }
})

t.test('does not prune a key that another host may be delivering right now', async t => {
  const made = (createdAt: number) =>
    managedKey(desiredKey({ keyId: 'gone' }), {
      state: { kind: 'pending' },
      marked: { host: otherHost },
      live: { createdAt },
    })
  const young = planOf({ desired: [other], keys: [managedKey(other), made(now - 14 * minute)] })
  t.strictSame([summary(young), codes(young)], [[], ['being-made']])
  const left = planOf({ desired: [other], keys: [managedKey(other), made(now - 15 * minute)] })
  t.strictSame(summary(left), ['revoke key_gone_1'])
})

t.test('leaves a pending key of its own host alone too, where no lock keeps another run out', async t => {
  const key = desiredKey()
  const made = (createdAt: number) =>
    managedKey(key, { state: { kind: 'pending' }, marked: { host: thisHost }, live: { createdAt } })
  const planAt = (age: number, locked: boolean) => {
    const keys = [made(now - age), managedKey(other)]
    return [[key, other], [other]].map(desired => planOf({ desired, keys, options: { locked } }))
  }
  const done = [['heal key_ci-pipeline_1 g2'], ['revoke key_ci-pipeline_1']]
  t.strictSame(planAt(14 * minute, false).map(codes), [['being-made'], ['being-made']])
  t.strictSame(planAt(14 * minute, false).map(summary), [[], []])
  t.strictSame(planAt(15 * minute, false).map(summary), done)
  t.strictSame(planAt(0, true).map(summary), done)
})

t.test(
  'replaces a key whose successor is gone at once where it was marked here, and else after 15 minutes',
  async t => {
    for (const [what, host, locked, age, does] of [
      ['marked here a moment ago: the list may lag', thisHost, true, minute - 1, false],
      ['marked here', thisHost, true, minute, true],
      ['marked here, where no lock keeps another run out', thisHost, false, 15 * minute - 1, false],
      ['the same, later', thisHost, false, 15 * minute, true],
      ['marked elsewhere', null, true, 15 * minute - 1, false],
      ['the same, later', null, true, 15 * minute, true],
    ] as const) {
      const state = retiringFor('key_ci-pipeline_2', age)
      const plan = planOf({ keys: [managedKey(key, { state, marked: { host } })], options: { locked } })
      const [changes, found] = does ? [['rotate key_ci-pipeline_1 g2'], []] : [[], ['being-made']]
      t.strictSame([summary(plan), codes(plan)], [changes, found], what)
    }
  },
)

t.test(
  'waits 15 minutes where the successor lives without a marker, wherever its predecessor was marked',
  async t => {
    const state = retiringFor('key_bare', 14 * minute)
    const keys = [
      managedKey(key, { state, marked: { host: thisHost } }),
      liveKey({ id: 'key_bare', ownership: { kind: 'unmanaged' } }),
    ]
    t.match(planOf({ keys }).findings, [{ code: 'being-made', lacksSuccessor: true }])
  },
)

t.test('does not start a grace anew with a further rotation', async t => {
  const keys = [
    managedKey(key, {
      state: retiringFor('key_ci-pipeline_2', 9 * day),
      live: { lastUse: usedAt(now - hour) },
    }),
    managedKey(key, { generation: 2, state: retiringFor('key_ci-pipeline_3', hour) }),
    managedKey(key, { generation: 3, live: { createdAt: now - hour } }),
  ]
  t.strictSame(waits(planOf({ keys })), ['key_ci-pipeline_1 in-use', 'key_ci-pipeline_2 grace'])
})

t.test('lets pending keys of runners that are gone go, where a head works and nobody uses them', async t => {
  const left = [1, 2, 3].map(number => pending(number, `0000000${number}`))
  const old = managedKey(key, { live: { id: 'key_head' } })
  t.strictSame(
    summary(planOf({ keys: [old, ...left] })),
    [1, 2, 3].map(number => `revoke key_ci-pipeline_${number}`),
  )
  const due = managedKey(key, { live: { id: 'key_head', createdAt: now - 70 * day } })
  const plan = planOf({ keys: [due, ...left] })
  t.ok(summary(plan).includes('rotate key_head g4'), 'and the head does not die for them')
  const held = new Map([['ci-pipeline', new Set(['key_ci-pipeline_3'])]])
  t.match(summary(planOf({ keys: [old, ...left], options: { held } })), ['heal key_ci-pipeline_3 g4'])
})

t.test('takes no pending key back whose secret a store holds, however many there are', async t => {
  const three = [1, 2, 3].map(number =>
    pending(number, thisHost, { createdAt: now - (4 - number) * minute, lastUse: neverUsed }),
  )
  const excessOf = (held: ReadonlyMap<string, ReadonlySet<string>>) =>
    planOf({ keys: three, options: { held } }).changes.flatMap(change =>
      change.kind === 'heal' ? change.excess.map(({ id }) => id) : [],
    )
  t.strictSame(excessOf(new Map()), ['key_ci-pipeline_1'])
  t.strictSame(excessOf(new Map([['ci-pipeline', new Set(['key_ci-pipeline_1'])]])), [])
})

t.test(
  'lets a key with the marker of its predecessor retire, too, where another takes its place',
  async t => {
    const state = retiringFor('key_ci-pipeline_2', 9 * day)
    const first = managedKey(key, { generation: 1, state, live: { createdAt: now - 20 * day } })
    const pasted = managedKey(key, { generation: 2, state, live: { createdAt: now - 10 * day } })
    const plan = planOf({ keys: [first, pasted] })
    t.match(plan.changes, [{ kind: 'rotate', live: pasted, predecessors: [pasted] }])
  },
)

t.test('waits for the maker of a pending key, then heals it anywhere', async t => {
  for (const [what, host, age, does] of [
    ['ours, at once', thisHost, 0, ['heal key_ci-pipeline_1 g2']],
    ["another host's, within 15 minutes", otherHost, 15 * minute - 1, []],
    ["another host's, from then on", otherHost, 15 * minute, ['heal key_ci-pipeline_1 g2']],
    ["nobody's, within 15 minutes", null, 15 * minute - 1, []],
  ] as const) {
    t.strictSame(summary(planOf({ keys: [pending(1, host, { createdAt: now - age })] })), does, what)
  }
  const three = (age: number) => [1, 2, 3].map(number => pending(number, otherHost, { createdAt: now - age }))
  t.match(
    planOf({ keys: three(hour) }).changes,
    [{ kind: 'heal', generation: null }],
    'no fourth next to three',
  )
  t.match(planOf({ keys: three(day) }).changes, [{ kind: 'heal', generation: 4 }], 'old ones do not count')
})

t.test('empties no store that a key lost while one that it gained lacks the secret', async t => {
  const moved = desiredKey({ stores: [envFile, sealed] })
  const stores = [envFile.hash, keychain.hash]
  const lost = { localKeys: new Set(['ci-pipeline']), formerStores: formerly({ ...keychain, local: false }) }
  const rows = {
    'delivered on another host': [managedKey(key, { marked: { host: otherHost, stores } })],
    'a successor that another run is making': [
      managedKey(key, { marked: { stores } }),
      pending(2, otherHost, { createdAt: now - minute }),
    ],
  }
  for (const [what, keys] of Object.entries(rows)) {
    t.strictSame(summary(planOf({ desired: [moved], keys, options: lost })), [], what)
    const shrunk = desiredKey({ stores: [envFile] })
    const plan = planOf({ desired: [shrunk], keys, options: lost })
    t.match(plan.changes, [{ kind: 'update', removal: { from: [{ hash: keychain.hash }] } }], what)
  }
  const past = { ...moved, expires: { kind: 'until', at: now - day } } as const
  const ended = planOf({ desired: [past], keys: [managedKey(key, { marked: { stores } })], options: lost })
  t.strictSame(summary(ended), [], 'a date that has passed')
})

t.test('empties a store that a key lost whose only generations were never known to be delivered', async t => {
  const unreceived = managedKey(key, {
    state: retiringFor('key_gone', hour, null),
    marked: { stores: [keychain.hash] },
  })
  const formerStores = formerly({ ...keychain, local: false })
  const moved = desiredKey({ stores: [envFile] })
  const case_ = { desired: [moved], keys: [unreceived] }
  t.strictSame(
    [...storesToFind(desiredState([moved]), ownedKeys(desiredState([moved]), case_.keys, now), now)],
    [['ci-pipeline', [keychain.hash]]],
  )
  t.match(planOf({ ...case_, options: { formerStores } }).changes, [
    { kind: 'rotate', removal: { from: [{ hash: keychain.hash }], left: [] } },
  ])
})

t.test('waits for the key that was marked last, whenever the others were made', async t => {
  const successor = retiringFor('key_ci-pipeline_3', minute)
  const older = { createdAt: now - 11 * day }
  const younger = { createdAt: now - 10 * day }
  const lastMarked = managedKey(key, {
    generation: 2,
    state: successor,
    marked: { host: otherHost },
    live: older,
  })
  const pasted = managedKey(key, {
    generation: 1,
    state: retiringFor('key_ci-pipeline_2', 9 * day),
    live: younger,
  })
  const plan = planOf({ keys: [lastMarked, pasted] })
  t.strictSame([summary(plan), codes(plan)], [[], ['being-made']])
  const ahead = managedKey(key, {
    generation: 1,
    state: retiringFor('key_ci-pipeline_2', -9 * day),
    live: younger,
  })
  t.strictSame(
    summary(planOf({ keys: [ahead] })),
    ['rotate key_ci-pipeline_1 g2'],
    'a mark of the future is none',
  )
})

t.test('replaces what leaked, whatever is pending, and keeps none of it', async t => {
  const options = { rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]) }
  const going = pending(2, thisHost, { createdAt: now - day })
  const rows = {
    'a head and a pending key': [
      [head(), pending(3), pending(4, otherHost, { createdAt: now - minute })],
      ['rotate key_ci-pipeline_2 g5', ...[2, 3, 4].map(each => `revoke key_ci-pipeline_${each}`)],
    ],
    'a head and its predecessors, one of them in use and in grace': [
      [retired({ lastUse: usedAt(now - minute) }), managedKey(key, { generation: 2 }), pending(3)],
      ['rotate key_ci-pipeline_2 g4', ...[1, 2, 3].map(each => `revoke key_ci-pipeline_${each}`)],
    ],
    'a pending key alone': [[going], ['rotate key_ci-pipeline_2 g3', 'revoke key_ci-pipeline_2']],
  } satisfies Record<string, readonly [readonly LiveKey[], readonly string[]]>
  for (const [what, [keys, does]] of Object.entries(rows)) {
    const plan = planOf({ keys, options })
    t.strictSame(summary(plan), does, what)
    t.match(plan.changes[0], { kind: 'rotate', strategy: 'overlap' }, what)
    t.strictSame(codes(plan), [], what)
  }
})

t.test('holds back a key that lacks the rotation that was asked for', async t => {
  const local = { localKeys: new Set(['ci-pipeline']) }
  const theirs = managedKey(key, { marked: { host: otherHost } })
  const past = desiredKey({ expires: { kind: 'until', at: now - day } })
  const rows = {
    'date-past': { desired: [past], keys: [managedKey(key)] },
    pending: { keys: [head(), pending(3, otherHost, { createdAt: now - minute })] },
    'other-host': { keys: [theirs], options: local },
  } satisfies Partial<Record<Extract<Finding, { code: 'not-rotated' }>['cause'], Case>>
  for (const [cause, row] of Object.entries(rows) as [string, Case][]) {
    const rotate = new Map([['ci-pipeline', { note: null, leaked: false }]])
    const plan = planOf({ ...row, options: { ...row.options, rotate } })
    t.match(plan.findings.at(-1), { severity: 'held', code: 'not-rotated', cause })
  }
})

t.test('regenerates nothing whose age it could not see afterwards', async t => {
  const place = desiredKey({ rotation: { strategy: 'in-place' } })
  const made = { createdAt: now - 70 * day }
  for (const [regeneratedAt, strategy] of [
    [null, 'in-place'],
    [undefined, 'overlap'],
  ] as const) {
    const plan = planOf({ desired: [place], keys: [managedKey(place, { live: { ...made, regeneratedAt } })] })
    t.match(plan.changes, [{ kind: 'rotate', strategy }])
  }
})

t.test(
  'ends in one plan whatever of an undeclared key id can end, whichever of one generation leads',
  async t => {
    const gone = desiredKey({ keyId: 'gone' })
    const ofOne = (id: string, state: Marker['state'], live: Partial<LiveKey> = {}) =>
      managedKey(gone, {
        state,
        live: { id, createdAt: now - minute, ...live },
        marked: { nonce: id.padEnd(10, '0') },
      })
    const keys = [
      managedKey(other),
      ofOne('key_1', { kind: 'pending' }),
      ofOne('key_2', { kind: 'delivered', visibleEnd: 'no34z', at: now - day }),
      ofOne('key_3', { kind: 'external' }, { status: 'expired' }),
    ]
    const first = planOf({ desired: [other], keys })
    const revoked = first.changes.flatMap(change => (change.kind === 'revoke' ? [change.live.id] : []))
    const left = keys.filter(({ id }) => !revoked.includes(id))
    t.ok(revoked.length > 0)
    t.strictSame(summary(planOf({ desired: [other], keys: left })), [])
  },
)

t.test('shows every field that is written along with a further store, and that it widens', async t => {
  const wide = desiredKey({
    name: 'Renamed',
    scope: 'all',
    permissions: ['*'],
    expires: { kind: 'never' },
    stores: [keychain, envFile],
  })
  const plan = planOf({ desired: [wide], keys: [managedKey(key)] })
  const [change] = planToJson(plan).changes
  t.equal(change?.action, 'deliver')
  t.equal(change?.widens, true)
  t.strictSame(
    change?.fields.map(({ field, widens }) => [field, widens]),
    [
      ['name', false],
      ['scope', true],
      ['permissions', true],
      ['expires', true],
    ],
  )
  const forbidden = planOf({ desired: [wide], keys: [managedKey(key)], options: { widening: 'forbid' } })
  t.ok(codes(forbidden).includes('widening-forbidden'))
})

t.test('shows in JSON what each key is made with, wherever one is made', async t => {
  const wide = desiredKey({ scope: 'all', permissions: ['*'], expires: { kind: 'never' }, protect: true })
  const made = {
    name: wide.name,
    description: wide.description,
    environment: wide.environment,
    scope: 'all',
    permissions: ['*'],
    expires: null,
    protect: true,
  }
  const stale = managedKey(key, { marked: { stores: [] } })
  const cases: readonly (readonly [kind: string, keys: readonly LiveKey[], made: boolean])[] = [
    ['create', [], true],
    ['rotate', [managedKey(key, { live: { createdAt: now - 70 * day } })], true],
    ['deliver', [stale], true],
    ['heal', [pending(1)], true],
    ['update', [managedKey(key)], false],
  ]
  for (const [kind, keys, isMade] of cases) {
    const [change] = planToJson(planOf({ desired: [wide], keys })).changes
    t.equal(change?.action, kind)
    t.strictSame(change?.new_key, isMade ? made : undefined, kind)
  }
})

t.test('shows that a successor is protected, or is not any more', async t => {
  for (const protect of [true, false]) {
    const declared = desiredKey({ protect })
    const keys = [managedKey(key, { live: { createdAt: now - 70 * day }, marked: { protected: !protect } })]
    const [change] = planToJson(planOf({ desired: [declared], keys })).changes
    t.equal(change?.action, 'rotate')
    const shown = change?.fields.filter(({ field }) => field === 'protect')
    t.match(shown, [{ current: !protect, desired: protect, widens: false, cause: null }])
  }
})

t.test('shows what finishing a pending key writes to it', async t => {
  const narrow = desiredKey({ permissions: ['read_scenarios'] })
  const [change] = planToJson(planOf({ desired: [narrow], keys: [pending(1)] })).changes
  t.equal(change?.action, 'heal')
  t.match(change?.fields, [{ field: 'permissions', desired: ['read_scenarios'], widens: false }])
})

t.test(
  'keeps a predecessor for the grace of its successor where a clock was set back between the two',
  async t => {
    const plan = planOf({
      keys: [
        managedKey(key, { state: retiringFor('key_ci-pipeline_2', -hour, now + hour) }),
        managedKey(key, { generation: 2, live: { createdAt: now - minute } }),
      ],
    })
    t.strictSame(summary(plan), [])
    t.match(plan.retiring, [
      { live: { id: 'key_ci-pipeline_1' }, wait: { code: 'grace', until: now + hour + 2 * day } },
    ])
  },
)
