// What a plan is said to cost the caller, against what applying it really costs.
import t, { type Test } from 'tap'
import type { CrashPoint } from '../../src/apply/crash-points.ts'
import type { Plan } from '../../src/model/change.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import { requestsToApply, waveSize } from '../../src/plan/requests.ts'
import { desiredKey, desiredState, envFile, keychain, pruneRules, sealed } from '../support/build.ts'
import { type World, openWorld } from '../support/world.ts'

const limits = { revoke: 1, rotate: 1, always: 1000 }
const declare = (keys: readonly DesiredKey[], more: Partial<DesiredState> = {}) =>
  desiredState(keys, { limits, ...more })

/** Any number of keys, each with a store of its own. */
function keysOf(count: number, more: Parameters<typeof desiredKey>[0] = {}): readonly DesiredKey[] {
  return Array.from({ length: count }, (_, index) => {
    const path = `/srv/${index}.env`
    const store = {
      spec: { kind: 'env-file', path, name: 'KEY', declaredIn: '/srv' },
      hash: 'abcd00',
    } as const
    return desiredKey({ keyId: `key-${index}`, name: `Key ${index}`, stores: [store], ...more })
  })
}

interface Scene {
  readonly prepare: (w: World) => Promise<void>
  readonly desired: DesiredState
  readonly rotate?: ReadonlyMap<string, { readonly note: null; readonly leaked: boolean }>
  /** The kinds of the plan, so that a scene that is not what it says fails. */
  readonly kinds: readonly Plan['changes'][number]['kind'][]
  /** Only apply finds out what there is to do. */
  readonly within?: true
}

const applied =
  (desired: DesiredState, later = 0) =>
  async (w: World) => {
    await w.apply(desired)
    w.now += later
  }
const killed = (desired: DesiredState, name: CrashPoint) => async (w: World) => {
  await w.apply(desired, { killAt: { name, count: 1 } }).catch(() => undefined)
}
const one = declare([desiredKey()])
const two = declare([desiredKey({ stores: [keychain, envFile] })])
const inPlace = declare([desiredKey({ rotation: { strategy: 'in-place' } })])
const blind = declare([desiredKey({ stores: [sealed] })])
const pair = declare([desiredKey(), ...keysOf(1)])
const nothing = async () => undefined

const scenes: Readonly<Record<string, Scene>> = {
  'a create': { prepare: nothing, desired: one, kinds: ['create'] },
  'a full wave of creates': {
    prepare: nothing,
    desired: declare(keysOf(waveSize)),
    kinds: Array.from({ length: waveSize }, () => 'create'),
  },
  'one more than a wave': {
    prepare: nothing,
    desired: declare(keysOf(waveSize + 1)),
    kinds: Array.from({ length: waveSize + 1 }, () => 'create'),
  },
  'a rotation by overlap': { prepare: applied(one, 61 * day), desired: one, kinds: ['rotate'] },
  'a rotation in place': { prepare: applied(inPlace, 61 * day), desired: inPlace, kinds: ['rotate'] },
  'a rotation of a leaked key': {
    prepare: applied(one),
    desired: one,
    rotate: new Map([['ci-pipeline', { note: null, leaked: true }]]),
    kinds: ['rotate', 'revoke'],
  },
  'an update': {
    prepare: applied(one),
    desired: declare([desiredKey({ permissions: ['read_scenarios'] })]),
    kinds: ['update'],
  },
  'a revocation': { prepare: applied(pair, 3 * day), desired: one, kinds: ['revoke'] },
  'a release': {
    prepare: applied(pair),
    desired: declare([desiredKey()], { prune: { ...pruneRules, removed: 'retain' } }),
    kinds: ['release'],
  },
  'an adoption': {
    prepare: async w => {
      const { name, description, scope, permissions, expires } = desiredKey()
      await w.client.create(
        { name, description, marker: null, environment: 'ci', scope, permissions, expires },
        'by-hand',
      )
    },
    desired: declare([desiredKey({ adopt: 'CI/CD Pipeline' })]),
    kinds: ['adopt'],
  },
  'a store added to one that can be read': {
    prepare: applied(one),
    desired: two,
    kinds: ['deliver'],
    within: true,
  },
  'a store added to one that cannot': {
    prepare: applied(blind),
    desired: declare([desiredKey({ stores: [sealed, { ...sealed, hash: 'dddd00' }] })]),
    kinds: ['deliver'],
  },
  'a store added, and the secret lost': {
    prepare: async w => {
      await w.apply(one)
      w.stores.secrets.clear()
    },
    desired: two,
    kinds: ['deliver'],
    within: true,
  },
  'a key whose delivery was cut off': {
    prepare: killed(one, 'after-put'),
    desired: one,
    kinds: ['heal'],
    within: true,
  },
  'a key whose secret was lost': {
    prepare: killed(one, 'after-create'),
    desired: one,
    kinds: ['heal'],
    within: true,
  },
  'many things at once': {
    prepare: async w => {
      await w.apply(declare([...keysOf(3), desiredKey()]))
      w.now += 61 * day
    },
    desired: declare([...keysOf(3), ...keysOf(5).slice(3)]),
    kinds: ['revoke', 'rotate', 'rotate', 'rotate', 'create', 'create'],
  },
}

/** The caller's own requests from after the plan was made. */
async function really(w: World, { desired, rotate }: Scene): Promise<{ plan: Plan; requests: number }> {
  const options = rotate === undefined ? {} : { rotate }
  w.forget()
  await w.plan(desired, options)
  const gathering = w.exchanges.length
  const own = w.exchanges[0]?.headers.get('authorization')
  w.forget()
  const { plan, report } = await w.apply(desired, { options })
  const failed = report.outcomes.filter(({ status }) => status !== 'done')
  if (failed.length > 0) throw new Error(`not applied: ${JSON.stringify(failed)}`)
  const mine = w.exchanges.filter(({ headers }) => headers.get('authorization') === own)
  return { plan, requests: mine.length - gathering }
}

for (const [name, scene] of Object.entries(scenes)) {
  t.test(`says what it costs the caller: ${name}`, async (t: Test) => {
    const w = openWorld()
    t.teardown(() => w.close())
    await scene.prepare(w)
    const { plan, requests } = await really(w, scene)
    t.strictSame(
      plan.changes.map(({ kind }) => kind),
      scene.kinds,
    )
    const { least, most } = requestsToApply(plan, 1)
    if (scene.within === true) t.ok(least <= requests && requests <= most, `${least} ≤ ${requests} ≤ ${most}`)
    else t.strictSame({ least, most }, { least: requests, most: requests })
  })
}

t.test('counts every page of the lists that look after new keys and before revocations', t => {
  const w = openWorld()
  t.teardown(() => w.close())
  return w.plan(declare(keysOf(waveSize + 1))).then(plan => {
    t.strictSame(requestsToApply(plan, 10), { least: 2 * 101 + 20, most: 2 * 101 + 20 })
    t.strictSame(
      requestsToApply({ ...plan, callingKeyId: 'key-0' }, 1),
      { least: 204, most: 204 },
      'its own is last',
    )
  })
})
