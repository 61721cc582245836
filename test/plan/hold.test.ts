// One key's trouble holds back its key id and all pruning, the limit on revocations holds back revocations: nothing else waits.
import t from 'tap'
import { isHeldInPart, isRefused } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import {
  callerWith,
  desiredKey,
  liveKey,
  managedKey,
  nothing,
  now,
  otherHost,
  pruneRules,
  retiringFor,
} from '../support/build.ts'
import {
  type Case,
  codes,
  head,
  key,
  other,
  planOf,
  retired,
  summary,
  undeclared,
  waits,
} from '../support/plan-of.ts'

/** Next to the key in trouble: a dead store, a predecessor whose time is over, and a key that nothing declares. */
const stale = managedKey(other, {
  state: { kind: 'delivered', visibleEnd: 'dead5', at: now - 9 * day },
})
const others: readonly LiveKey[] = [retired(), head(), stale, undeclared()]
const troubled = (more: Parameters<typeof desiredKey>[0]) => desiredKey({ keyId: 'trouble', ...more })
const done = ['revoke key_ci-pipeline_1', 'deliver key_other_1 g2']

t.test('holds back the key id that is in trouble and all pruning, and nothing else', async t => {
  const rows: Readonly<Record<string, Case>> = {
    'cannot-adopt': { desired: [key, other, troubled({ adopt: 'key_deleted' })], keys: others },
    'name-taken': {
      desired: [key, other, troubled({ name: 'Taken' })],
      keys: [...others, liveKey({ name: 'Taken' })],
    },
    'unknown-project': {
      desired: [key, other, troubled({ scope: ['mars'] })],
      keys: others,
      current: { projects: ['customer-support-bot', 'sales-assistant'] },
    },
    'grants-beyond-caller': {
      desired: [key, other, troubled({ permissions: ['delete_scenarios'] })],
      keys: others,
      current: {
        caller: callerWith({ permissions: ['manage_keys', 'read_scenarios', 'upload_results'] }),
      },
    },
    'not-rotated': {
      desired: [key, other, troubled({})],
      keys: [...others, managedKey(troubled({}), { marked: { host: otherHost } })],
      options: {
        localKeys: new Set(['trouble']),
        rotate: new Map([['trouble', { note: null, leaked: false }]]),
      },
    },
  }
  for (const [code, row] of Object.entries(rows)) {
    const plan = planOf(row)
    t.ok(codes(plan).includes(code as never), code)
    t.strictSame(summary(plan), done, code)
    t.strictSame([isRefused(plan), isHeldInPart(plan)], [false, true], code)
    t.ok(waits(plan).includes('key_gone_1 key-held'), code)
    t.match(
      plan.findings.find(finding => finding.code === 'prune-withheld'),
      { severity: 'warning', cause: 'key-held', keyIds: ['gone'] },
    )
  }
})

t.test('takes no name for taken by a key that the same plan knows again as ours', async t => {
  const unmarked: LiveKey = { ...head(), id: 'key_unmarked', ownership: { kind: 'unmanaged' } }
  const predecessor = managedKey(key, { state: retiringFor(unmarked.id, day) })
  const namesake = desiredKey({ keyId: 'namesake', name: unmarked.name })
  const row: Case = { desired: [key, namesake], keys: [unmarked, predecessor] }
  const held = new Map([[key.keyId, new Set([unmarked.id])]])
  const proven = planOf({ ...row, options: { held, signed: nothing } })
  t.strictSame(summary(proven), ['update key_unmarked state', 'create namesake g1'])
  const replaced = planOf({ ...row, options: { signed: nothing } })
  t.strictSame(summary(replaced), ['rotate key_ci-pipeline_1 g2', 'create namesake g1'])
  t.ok(replaced.changes.some(change => change.kind === 'rotate' && change.predecessors.includes(unmarked)))
  t.strictSame([...codes(proven), ...codes(replaced)], [])
})

t.test('adopts no key that takes its place in the lineage of another key id', async t => {
  const unmarked: LiveKey = { ...head(), id: 'key_unmarked', ownership: { kind: 'unmanaged' } }
  const predecessor = managedKey(key, { state: retiringFor(unmarked.id, day) })
  const adopter = desiredKey({ keyId: 'adopter', adopt: unmarked.id })
  const row: Case = { desired: [key, adopter], keys: [unmarked, predecessor], options: { signed: nothing } }
  const plan = planOf(row)
  t.strictSame([summary(plan), codes(plan)], [['rotate key_ci-pipeline_1 g2'], ['cannot-adopt']])
})

t.test('holds back every change of the key id, not only the one that is in trouble', async t => {
  const wide = desiredKey({ permissions: ['delete_scenarios'] })
  const caller = callerWith({ permissions: ['manage_keys', 'read_scenarios', 'upload_results'] })
  const plan = planOf({ desired: [wide, other], keys: [retired(), head(), stale], current: { caller } })
  t.strictSame(
    [summary(plan), codes(plan)],
    [['deliver key_other_1 g2'], ['not-narrowed', 'grants-beyond-caller']],
  )
})

t.test('releases nothing either while a key is held back', async t => {
  const plan = planOf({
    desired: [key, troubled({ adopt: 'key_deleted' })],
    keys: [managedKey(), undeclared()],
    state: { prune: { ...pruneRules, removed: 'retain' } },
  })
  t.strictSame([summary(plan), codes(plan)], [[], ['prune-withheld', 'cannot-adopt']])
})

t.test('repairs a dead store while four blocks are removed at once', async t => {
  const gone = [1, 2, 3, 4].map(index => managedKey(desiredKey({ keyId: `gone-${index}` })))
  const row: Case = { desired: [key, other], keys: [retired(), head(), stale, ...gone] }
  const plan = planOf(row)
  t.strictSame(summary(plan), done)
  t.strictSame(
    waits(plan),
    gone.map(({ id }) => `${id} over-limit`),
  )
  t.match(plan.findings, [
    { severity: 'held', code: 'limit', action: 'revoke', count: 4, live: 6, allowed: 2 },
  ])
  const raised = planOf({ ...row, options: { maxRevoke: 4 } })
  t.strictSame([raised.changes.length, raised.findings], [6, []])
})

t.test('counts key ids with one head, so that further markers allow no revocation more', async t => {
  const eight = Array.from({ length: 8 }, (_, index) => desiredKey({ keyId: `key-${index}` }))
  const keys = eight.map(one => managedKey(one))
  const [kept] = eight
  const forgeries = {
    'of the key that stays': (index: number) =>
      managedKey(kept, { generation: index + 2, live: { id: `key_forged_${index}` } }),
    'of key ids that go': (index: number) =>
      managedKey(eight[index % 8], { generation: index + 2, live: { id: `key_forged_${index}` } }),
    'of protected key ids of their own': (index: number) =>
      managedKey(desiredKey({ keyId: `forged-${index}`, protect: true })),
    'of key ids of their own, in use': (index: number) =>
      managedKey(desiredKey({ keyId: `forged-${index}` }), {
        live: { lastUse: { known: true, at: now - hour, ip: null, location: null, userAgent: 'curl' } },
      }),
    'of key ids of their own': (index: number) => managedKey(desiredKey({ keyId: `forged-${index}` })),
  } satisfies Readonly<Record<string, (index: number) => LiveKey>>
  for (const [what, forged] of Object.entries(forgeries)) {
    const plan = planOf({
      desired: kept === undefined ? [] : [kept],
      keys: [...keys, ...Array.from({ length: 24 }, (_, index) => forged(index))],
    })
    const pruned = plan.changes.filter(
      change => change.kind === 'revoke' && change.reason.code === 'undeclared',
    )
    t.strictSame(pruned, [], what)
    t.ok(codes(plan).includes('limit'), what)
  }
})

t.test('counts a key id once, whatever retires below its head', async t => {
  const two = ['a', 'b'].map(keyId => desiredKey({ keyId }))
  const keys = two.flatMap(one => [1, 2, 3].map(generation => managedKey(one, { generation })))
  const plan = planOf({ desired: [key], keys: [managedKey(), ...keys] })
  t.strictSame([plan.changes.length, plan.findings], [6, []])
})
