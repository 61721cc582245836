// Runs of two machines that meet on one key: one of them gives way, and none hides what it did to a store.
import t, { type Test } from 'tap'
import type { ApplyStores } from '../../src/apply/run.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, second } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Report } from '../../src/model/outcome.ts'
import { storeLabel } from '../../src/model/store.ts'
import { desiredKey, desiredState, everything, keychain, otherHost, sealed } from '../support/build.ts'
import { type World, openWorld } from '../support/world.ts'

function declare(key: DesiredKey): DesiredState {
  return desiredState([key], { limits: { revoke: 1, rotate: 1, always: 1000 } })
}

function world(t: Test): World {
  const opened = openWorld()
  t.teardown(() => opened.close())
  return opened
}

const codes = ({ outcomes }: Report) =>
  outcomes.map(outcome => (outcome.status === 'failed' ? outcome.code : outcome.status))

const managedOf = async (w: World) => (await w.list()).filter(({ ownership }) => ownership.kind === 'managed')

async function holderOf(w: World, { spec }: typeof sealed): Promise<string | null> {
  const secret = w.stores.secrets.get(storeLabel(spec))
  if (secret === undefined) return null
  const identity = await w
    .clientAs(secret, 'consumer/1')
    .whoami()
    .catch(() => null)
  return identity?.key?.id ?? null
}

/** Stores whose first put does something else before. */
function putting(w: World, first: () => Promise<unknown>): ApplyStores {
  let isFirst = true
  return {
    probe: specs => w.stores.probe(specs),
    open: spec => {
      const store = w.stores.open(spec)
      const put: typeof store.put = async secret => {
        if (isFirst) {
          isFirst = false
          await first()
        }
        return await store.put(secret)
      }
      return { readable: store.readable, put, get: () => store.get(), remove: () => store.remove() }
    },
  }
}

function deferred() {
  let resolve: () => void = () => undefined
  let reject: (fault: Failure) => void = () => undefined
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve: () => resolve(), reject: (fault: Failure) => reject(fault) }
}

/** A run that has seen no rival, and delivers when the test lets it, or fails before anybody received its key. */
function slowRun(w: World, desired: DesiredState) {
  const reached = deferred()
  const gate = deferred()
  const run = async () => {
    const stores = putting(w, async () => {
      reached.resolve()
      await gate.promise
    })
    return codes((await w.apply(desired, { run: { stores } })).report)
  }
  return { run, reached: reached.promise, goOn: gate.resolve, refuse: gate.reject }
}

/** What the other run does while ours, which is the older one by the platform's times, waits for it. */
const meanwhile = {
  'is at work for long': { here: ['done'], there: ['conflict'] },
  delivers: { here: ['done'], there: ['conflict'] },
  'gives way': { here: ['failed'], there: ['done'] },
} as const

for (const [what, expected] of Object.entries(meanwhile)) {
  t.test(`does not trust times that are nearly the same, where the other run ${what}`, async t => {
    const w = world(t)
    const desired = declare(desiredKey())
    const slow = slowRun(w, desired)
    const here: { done: Promise<readonly string[]> } = { done: Promise.resolve([]) }
    const { report } = await w.apply(desired, {
      options: { host: otherHost },
      run: {
        stores: {
          open: spec => w.stores.open(spec),
          // Both have planned before either makes a key.
          probe: async () => {
            here.done = slow.run()
            await slow.reached
            w.now -= 400
            return new Map()
          },
        },
        pause: async () => {
          if (what === 'is at work for long') return
          if (what === 'delivers') slow.goOn()
          else slow.refuse(new Failure('failed', 'The store refuses.'))
          await here.done
        },
      },
    })
    slow.goOn()
    t.strictSame(codes(report), expected.there)
    t.strictSame(await here.done, expected.here)
    const keys = await managedOf(w)
    t.equal(keys.length, 1, 'one of the keys stays')
    t.equal(await holderOf(w, keychain), keys[0]?.id)
    w.now += 60 * second
    t.strictSame((await w.plan(desired)).changes, [])
  })
}

const inPlace = (stores: DesiredKey['stores']) => desiredKey({ stores, rotation: { strategy: 'in-place' } })

t.test('takes no regeneration of another host for its own whose answer was lost', async t => {
  const w = world(t)
  w.signed = everything
  const desired = declare(inPlace([keychain, sealed]))
  await w.apply(desired)
  w.now += 61 * day
  const first: { report: Report | null } = { report: null }
  const { report } = await w.apply(desired, {
    options: { host: otherHost },
    run: {
      stores: {
        open: spec => w.stores.open(spec),
        probe: async () => {
          first.report = (await w.apply(desired)).report
          w.forget()
          return new Map()
        },
      },
    },
  })
  t.strictSame(
    [first.report, report].flatMap(each => (each === null ? [] : codes(each))),
    ['done', 'conflict'],
  )
  t.strictSame(
    w.requests(),
    ['POST /api/api-keys/:id/regenerate', 'GET /api/api-keys/:id'],
    'a look, whether its version did move',
  )
  t.strictSame((await w.plan(desired)).changes, [])
  t.ok(await holderOf(w, keychain))
})

t.test('admits in the marker that it wrote a dead secret over that of another run', async t => {
  for (const stores of [[sealed], [keychain]]) {
    const w = world(t)
    w.signed = everything
    const desired = declare(inPlace(stores))
    await w.apply(desired)
    const [store = sealed] = stores
    w.now += 61 * day
    const late: { report: Report | null } = { report: null }
    const { report } = await w.apply(desired, {
      run: {
        stores: putting(w, async () => {
          late.report = (await w.apply(desired, { options: { host: otherHost } })).report
        }),
      },
    })
    t.strictSame(late.report === null ? [] : codes(late.report), ['done'], 'the other run regenerated it too')
    t.strictSame(codes(report), ['conflict'])
    t.equal(await holderOf(w, store), null, 'what came last is dead')
    w.now += 60 * second
    t.match((await w.plan(desired)).changes, [{ kind: 'deliver' }], 'and the next plan knows it')
    t.strictSame(codes((await w.apply(desired)).report), ['done'])
    t.ok(await holderOf(w, store))
    t.strictSame((await w.plan(desired)).changes, [])
  }
})
