// One of three stores fails, in every position, at every kind of delivery: what the others get, and what the next apply does.
import t, { type Test } from 'tap'
import type { DesiredState } from '../../src/model/desired.ts'
import { day, minute } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { type DeclaredStore, storeLabel } from '../../src/model/store.ts'
import { exitCodeOf } from '../../src/commands/exit-code.ts'
import { desiredKey, desiredState, envFile, keychain, sealed } from '../support/build.ts'
import { type World, openWorld } from '../support/world.ts'

/** In the order in which a delivery meets them: the third cannot be read. */
const three: readonly DeclaredStore[] = [keychain, envFile, sealed]
const labels = three.map(({ spec }) => storeLabel(spec))

function declare(strategy: 'overlap' | 'in-place', withOther = true): DesiredState {
  const agents = desiredKey({ stores: three, rotation: { strategy } })
  const file = {
    spec: { kind: 'env-file', path: '/other', name: 'OTHER', declaredIn: '/srv' },
    hash: 'eeee00',
  } as const
  const other = desiredKey({ keyId: 'other', name: 'Other', stores: [file], expires: { kind: 'never' } })
  return desiredState(withOther ? [agents, other] : [agents], { limits: { revoke: 1, rotate: 1, always: 9 } })
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const secretsOf = (w: World) => labels.map(label => w.stores.secrets.get(label)?.reveal() ?? null)

/** The id of the key whose secret each of the three stores has; null where it has none that works. */
async function holders(w: World): Promise<readonly (string | null)[]> {
  return await Promise.all(
    labels.map(async label => {
      const secret = w.stores.secrets.get(label)
      if (secret === undefined) return null
      const found = await w
        .clientAs(secret, 'consumer/1')
        .whoami()
        .catch(() => null)
      return found?.key?.id ?? null
    }),
  )
}

const agents = async (w: World) =>
  (await w.list()).filter(
    ({ ownership }) => ownership.kind === 'managed' && ownership.marker.keyId === 'ci-pipeline',
  )

interface Way {
  /** How a store fails. */
  readonly how: string
  readonly breaks: (w: World, position: number) => void
  /** Has the failing store the secret anyway? */
  readonly takes: boolean
}

const reason = 'the device reports an error'

/** What a store that works does. */
function keep({ stores: { secrets } }: World, label: string, secret: Secret): Map<string, Secret> {
  Map.prototype.set.call(secrets, label, secret)
  return secrets
}

const ways: readonly Way[] = [
  {
    how: 'refuses the secret',
    breaks: (w, position) => {
      w.stores.beforePut = label => {
        if (label === labels[position]) throw new Failure('failed', `Cannot write ${label}: ${reason}.`)
      }
    },
    takes: false,
  },
  {
    how: 'takes the secret and then fails',
    breaks: (w, position) => {
      w.stores.beforePut = () => undefined
      w.stores.secrets.set = (label, secret) => {
        keep(w, label, secret)
        if (label === labels[position]) throw new Failure('failed', `Cannot write ${label}: ${reason}.`)
        return w.stores.secrets
      }
    },
    takes: true,
  },
  {
    how: 'gives something else back',
    breaks: (w, position) => {
      w.stores.secrets.set = (label, secret) =>
        keep(w, label, label === labels[position] ? new Secret('flux_ci_other') : secret)
    },
    takes: false,
  },
]

function mend(w: World): void {
  w.stores.beforePut = () => undefined
  w.stores.secrets.set = (label, secret) => keep(w, label, secret)
}

/** All three stores have the head's secret, and there is nothing left to do, now and once everybody had time. */
async function requireHealed(t: Test, w: World, desired: DesiredState): Promise<void> {
  mend(w)
  // Where nobody received the successor, its predecessor already retires for it: whoever marked it has that long to go on.
  w.now += 15 * minute
  const { report } = await w.apply(desired)
  t.equal(exitCodeOf(report), 0, 'the next apply heals it')
  t.strictSame((await w.plan(desired)).changes, [])
  w.now += 4 * day
  t.equal(exitCodeOf((await w.apply(desired)).report), 0)
  const [live, ...more] = await agents(w)
  t.strictSame(more, [], 'one key is left')
  t.strictSame(await holders(w), [live?.id, live?.id, live?.id])
}

for (const { how, breaks, takes } of ways) {
  for (const position of [0, 1, 2]) {
    // What nobody can read back cannot be found to be something else.
    if (how === 'gives something else back' && position === 2) continue
    const store = `store ${position + 1} of three ${how}`

    t.test(`creates nothing in half: ${store}`, async t => {
      const w = world(t)
      const desired = declare('overlap')
      breaks(w, position)
      const { report } = await w.apply(desired)
      t.equal(exitCodeOf(report), 7, 'the other key is done')
      const [failed] = report.outcomes.filter(({ status }) => status === 'failed')
      t.match(failed, { status: 'failed', change: { keyId: 'ci-pipeline' } })
      const made = await agents(w)
      if (position === 0 && !takes) t.strictSame(made, [], 'nobody received it, so it is revoked again')
      else {
        t.match(made, [{ ownership: { marker: { state: { kind: 'pending' } } } }])
        const has = (await holders(w)).map(id => id === made[0]?.id)
        t.strictSame(
          has,
          [0, 1, 2].map(each => each !== position || takes),
          'the others have it',
        )
      }
      await requireHealed(t, w, desired)
    })

    t.test(`rotates by overlap without an outage: ${store}`, async t => {
      const w = world(t)
      const desired = declare('overlap', false)
      await w.apply(desired)
      w.now += 61 * day
      const before = await holders(w)
      breaks(w, position)
      const { report } = await w.apply(desired)
      t.equal(exitCodeOf(report), 1)
      const now = await holders(w)
      if (how !== 'gives something else back')
        t.ok(
          now.every(id => id !== null),
          'whoever reads any of the stores gets in',
        )
      const made = (await agents(w)).find(({ id }) => !before.includes(id))
      t.strictSame(
        now.map(id => id !== null && id === made?.id),
        [0, 1, 2].map(each => made !== undefined && (each !== position || takes)),
      )
      await requireHealed(t, w, desired)
    })

    t.test(`rotates in place for everybody else: ${store}`, async t => {
      const w = world(t)
      const desired = declare('in-place', false)
      await w.apply(desired)
      const [live] = await agents(w)
      w.now += 61 * day
      breaks(w, position)
      const { report } = await w.apply(desired)
      t.equal(exitCodeOf(report), 1)
      const has = (await holders(w)).map(id => id === live?.id)
      t.strictSame(
        has,
        [0, 1, 2].map(each => each !== position || takes),
        'the others have what works',
      )
      await requireHealed(t, w, desired)
    })
  }
}

t.test(
  'keeps one pending key however often the same store fails, and heals it once that is mended',
  async t => {
    const w = world(t)
    const desired = declare('overlap', false)
    ways[0]?.breaks(w, 1)
    for (const run of [1, 2, 3, 4]) t.equal(exitCodeOf((await w.apply(desired)).report), 1, `run ${run}`)
    t.equal((await agents(w)).length, 1)
    const [first, second, third] = secretsOf(w)
    t.strictSame([first, second], [third, null])
    await requireHealed(t, w, desired)
  },
)

t.test('says what each of two failing stores said', async t => {
  const w = world(t)
  w.stores.beforePut = label => {
    if (label !== labels[0]) throw new Failure('failed', `Cannot write ${label}: ${reason}.`)
  }
  const { report } = await w.apply(declare('overlap', false))
  t.match(report.outcomes, [
    {
      message: `Cannot write ${labels[1]}: ${reason}.`,
      hints: [`So did another: Cannot write ${labels[2]}: ${reason}.`],
    },
  ])
})
