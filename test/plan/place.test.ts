import t from 'tap'
import { day } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { pendingElsewhere } from '../../src/model/change.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import { evidenceNeeded } from '../../src/plan/evidence-needed.ts'
import type { PlanOptions } from '../../src/plan/input.ts'
import { desiredKey, desiredState, managedKey, now, options, otherHost, thisHost } from '../support/build.ts'
import { codes, key, leaked, pending, planOf, summary } from '../support/plan-of.ts'

const local = { localKeys: new Set(['ci-pipeline']) }
const due = { createdAt: now - 70 * day }
const theirs = managedKey(key, { live: due, marked: { host: otherHost } })
const holding = (live: LiveKey) => new Map([['ci-pipeline', new Set([live.id])]])

t.test(
  'rotates a key here whose local stores are here, by the name of the place or by what they hold',
  async t => {
    const rows: readonly (readonly [string, Partial<PlanOptions>, readonly string[]])[] = [
      ['elsewhere', {}, []],
      ['another place is known', { places: new Map([['ci-pipeline', ['11111111']]]) }, []],
      ['its place is known', { places: new Map([['ci-pipeline', [otherHost]]]) }, ['rotate']],
      [
        'it was its place before',
        { places: new Map([['ci-pipeline', ['11111111', otherHost]]]) },
        ['rotate'],
      ],
      ['another key id has that place', { places: new Map([['other', [otherHost]]]) }, []],
      ['a store of another place holds it', { held: holding(theirs) }, []],
      ['its stores here hold it', { heldHere: holding(theirs) }, ['rotate']],
      ['they hold another key', { heldHere: new Map([['ci-pipeline', new Set(['key_x'])]]) }, []],
      ['another key id holds it', { heldHere: new Map([['other', new Set([theirs.id])]]) }, []],
    ]
    for (const [title, known, kinds] of rows) {
      const plan = planOf({ keys: [theirs], options: { ...local, ...known } })
      const does = plan.changes.map(({ kind }) => kind)
      const owner = kinds.length > 0 ? 'here' : 'another-host'
      t.strictSame([does, plan.homes.map(home => home.owner)], [kinds, [owner]], title)
      t.strictSame(
        pendingElsewhere(plan),
        kinds.length > 0 ? [] : ['ci-pipeline'],
        `pending elsewhere: ${title}`,
      )
    }
  },
)

t.test('leaves a pending key to its place, though the machine is the same', async t => {
  const places = new Map([['ci-pipeline', ['11111111']]])
  const made = pending(1, '22222222', { createdAt: now - day })
  const elsewhere = planOf({ keys: [made], options: { ...local, places } })
  t.strictSame([summary(elsewhere), codes(elsewhere)], [[], ['other-host']])
  const here = planOf({ keys: [pending(1, '11111111')], options: { ...local, places } })
  t.strictSame(summary(here), ['heal key_ci-pipeline_1 g2'], 'that of this place at once')
  const shared = planOf({ keys: [pending(1)], options: { places: new Map() } })
  t.strictSame(summary(shared), ['heal key_ci-pipeline_1 g2'], 'without local stores the machine decides')
})

t.test('moves a key here with --take-over, due or not, and then has nothing more to do', async t => {
  const fresh = (host: string) => managedKey(key, { marked: { host } })
  const taking = { ...local, takeOver: true }
  const plan = planOf({ keys: [fresh(otherHost)], options: taking })
  t.match(plan.changes, [{ kind: 'deliver', reasons: [{ code: 'taken-over' }] }])
  t.strictSame(planOf({ keys: [fresh(thisHost)], options: taking }).changes, [])
  t.strictSame(planOf({ keys: [fresh(otherHost)], options: { takeOver: true } }).changes, [], 'shared stores')
  const held = { ...taking, heldHere: holding(fresh(otherHost)) }
  t.strictSame(planOf({ keys: [fresh(otherHost)], options: held }).changes, [], 'it is here')
  const inPlace = desiredKey({ rotation: { strategy: 'in-place' } })
  const moved = planOf({ desired: [inPlace], keys: [fresh(otherHost)], options: taking })
  t.match(moved.changes, [{ strategy: 'overlap' }], 'who has it elsewhere keeps it for a grace')
})

t.test('asks what stores hold only where that can change the plan', async t => {
  interface Row {
    readonly keys: readonly LiveKey[]
    readonly desired?: DesiredKey
    readonly known?: Partial<PlanOptions>
    readonly asks: boolean
  }
  const wider = desiredKey({ permissions: ['read_scenarios', 'upload_results', 'manage_keys'] })
  const state = { kind: 'delivered', visibleEnd: 'no34z', at: now - day, graceUntil: now } as const
  const narrower = desiredKey({ permissions: ['read_scenarios'] })
  const rows: Readonly<Record<string, Row>> = {
    'not live': { keys: [], asks: false },
    'as declared, here': {
      keys: [managedKey(key, { marked: { host: thisHost } })],
      known: local,
      asks: false,
    },
    'as declared, elsewhere': { keys: [theirs], known: local, asks: true },
    'elsewhere, but all stores are shared': { keys: [theirs], asks: false },
    'at a place that is known': {
      keys: [theirs],
      known: { ...local, places: new Map([['ci-pipeline', [otherHost]]]) },
      asks: false,
    },
    'left out of the plan': {
      keys: [theirs],
      known: { ...local, targets: { only: ['other'], except: [] } },
      asks: false,
    },
    'due, here': { keys: [managedKey(key, { live: due })], asks: false },
    'several delivered': { keys: [managedKey(key), managedKey(key, { generation: 2 })], asks: true },
    'to be widened': { keys: [managedKey(key)], desired: wider, asks: true },
    'to be narrowed': { keys: [managedKey(key)], desired: narrower, asks: false },
    stale: { keys: [managedKey(key, { state, live: { maskedKey: 'flux_ci_****...zzzzz' } })], asks: true },
    pending: { keys: [pending(1)], asks: true },
    leaked: { keys: [leaked(1)], asks: false },
    'leaked, elsewhere': {
      keys: [managedKey(key, { state: { kind: 'leaked' }, marked: { host: otherHost } })],
      known: local,
      asks: true,
    },
  }
  for (const [title, { keys, desired = key, known, asks }] of Object.entries(rows)) {
    const state = desiredState([desired])
    const needed = evidenceNeeded(state, ownedKeys(state, keys, now), now, options(known))
    t.strictSame(needed, asks ? ['ci-pipeline'] : [], title)
  }
})
