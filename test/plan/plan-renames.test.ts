import assert from 'node:assert/strict'
import t from 'tap'
import type { Update } from '../../src/model/change.ts'
import type { DesiredState } from '../../src/model/desired.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { boundTo } from '../../src/lifecycle/binding.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import { transition } from '../../src/lifecycle/transitions.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { evidenceOf } from '../../src/plan/find-proof.ts'
import { inRenameOrder, renames } from '../../src/plan/plan-renames.ts'
import {
  callerWith,
  desiredKey,
  envFile,
  liveKey,
  managedKey,
  nonce,
  now,
  otherHost,
  pruneRules,
  retiringFor,
  thisHost,
} from '../support/build.ts'
import { cases } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'
import { anyWorld } from '../support/worlds.ts'
import { planOf, summary, waits } from '../support/plan-of.ts'

const bots = { stack: 'acme-bots' }
const former: Partial<DesiredState> = { formerly: ['acme-bots'] }

/** `b` was `a`. */
const b = desiredKey({ keyId: 'b', previously: 'a' })
const a = desiredKey({ keyId: 'a' })

type Kind = 'head' | 'rival' | 'adopted' | 'pending' | 'old pending' | 'leaked' | 'predecessor'

const made: Readonly<Record<Kind, (keyId: string, marked: Partial<Marker>) => LiveKey>> = {
  head: (keyId, marked) => managedKey(desiredKey({ keyId }), { generation: 2, marked }),
  adopted: (keyId, marked) =>
    managedKey(desiredKey({ keyId }), { generation: 2, state: { kind: 'external' }, marked }),
  pending: (keyId, marked) =>
    managedKey(desiredKey({ keyId }), {
      generation: 3,
      state: { kind: 'pending' },
      marked: { host: otherHost, ...marked },
      live: { createdAt: now - minute },
    }),
  'old pending': (keyId, marked) =>
    managedKey(desiredKey({ keyId }), {
      generation: 3,
      state: { kind: 'pending' },
      marked: { host: thisHost, ...marked },
      live: { createdAt: now - 3 * hour },
    }),
  leaked: (keyId, marked) =>
    managedKey(desiredKey({ keyId }), { generation: 1, state: { kind: 'leaked' }, marked }),
  predecessor: (keyId, marked) =>
    managedKey(desiredKey({ keyId }), {
      state: retiringFor('key_head', 5 * day),
      marked,
      live: { id: 'key_kin' },
    }),
  rival: (keyId, marked) =>
    managedKey(desiredKey({ keyId }), { marked, live: { id: 'key_kin', createdAt: now - 20 * day } }),
}

const live = (keyId: string, kinds: readonly Kind[], marked: Partial<Marker> = {}) =>
  kinds.map(kind => {
    if (marked.stack === undefined) return made[kind](keyId, marked)
    const id = `bots_${made[kind](keyId, marked).id}`
    return { ...made[kind](keyId, { ...marked, binding: boundTo(id) }), id }
  })

const told = (findings: readonly Finding[]) =>
  findings.map(finding =>
    finding.code === 'rename-held'
      ? `held ${finding.keyId} ${finding.cause}: ${finding.names.map(({ name }) => name).join(', ')}`
      : finding.code,
  )

t.test('renames a key with all its generations, and holds it where both names are in use', async t => {
  const rows: readonly (readonly [
    what: string,
    of: { readonly a: readonly Kind[]; readonly b: readonly Kind[] },
    does: readonly string[],
    says: readonly string[],
  ])[] = [
    ['a head', { a: ['head'], b: [] }, ['update key_a_2 key id'], []],
    ['an adopted key', { a: ['adopted'], b: [] }, ['update key_a_2 key id'], []],
    [
      'a head and its predecessor',
      { a: ['head', 'predecessor'], b: [] },
      ['update key_a_2 key id', 'update key_kin key id', 'revoke key_kin'],
      [],
    ],
    [
      'two that lead: the one that is not proven last retires for the other',
      { a: ['head', 'rival'], b: [] },
      ['update key_a_2 key id', 'update key_kin state key id'],
      [],
    ],
    [
      'killed after the predecessor',
      { a: ['head'], b: ['predecessor'] },
      ['update key_a_2 key id', 'revoke key_kin'],
      [],
    ],
    [
      'killed after a leaked one',
      { a: ['head'], b: ['leaked'] },
      ['update key_a_2 key id', 'revoke key_b_1'],
      [],
    ],
    [
      'a key that nobody received',
      { a: ['old pending'], b: [] },
      ['heal key_a_3 g4', 'update key_a_3 key id'],
      [],
    ],
    [
      'two delivered keys',
      { a: ['head'], b: ['head'] },
      [],
      ['held b both-live: acme-agents/b, acme-agents/a'],
    ],
    [
      'two adopted keys',
      { a: ['adopted'], b: ['adopted'] },
      [],
      ['held b both-live: acme-agents/b, acme-agents/a'],
    ],
    [
      'an adopted and a delivered key',
      { a: ['adopted'], b: ['head'] },
      [],
      ['held b both-live: acme-agents/b, acme-agents/a'],
    ],
    [
      'its predecessors are held as well',
      { a: ['head', 'predecessor'], b: ['head'] },
      [],
      ['held b both-live: acme-agents/b, acme-agents/a'],
    ],
    [
      'a key that another host is making',
      { a: ['head', 'pending'], b: [] },
      [],
      ['held b being-made: acme-agents/a'],
    ],
  ]
  for (const [what, of, does, says] of rows) {
    const plan = planOf({ desired: [b], keys: [...live('a', of.a), ...live('b', of.b)] })
    t.strictSame([summary(plan), told(plan.findings)], [does, says], what)
  }
})

t.test('leaves what made the former key id after the rename to be pruned as a key of its own', async t => {
  const plan = planOf({ desired: [b], keys: [...live('b', ['head']), ...live('a', ['old pending'])] })
  t.strictSame([summary(plan), told(plan.findings)], [['revoke key_a_3'], []])
})

t.test('goes on with the rest of the plan where a rename is held', async t => {
  const fresh = desiredKey({ keyId: 'fresh', name: 'Fresh' })
  const gone = managedKey(desiredKey({ keyId: 'gone' }))
  const plan = planOf({
    desired: [b, fresh],
    keys: [...live('a', ['head']), ...live('b', ['head']), gone],
    options: { rotate: new Map([['b', { note: null, leaked: false }]]) },
  })
  t.strictSame(summary(plan), ['create fresh g1'])
  t.strictSame(told(plan.findings), ['prune-withheld', 'held b both-live: acme-agents/b, acme-agents/a'])
  t.strictSame(waits(plan), ['key_gone_1 key-held'], 'what nothing declares may be one of the two')
  const only = planOf({
    desired: [b, fresh],
    keys: [...live('a', ['head']), ...live('b', ['head'])],
    options: { targets: { only: ['fresh'], except: [] } },
  })
  t.strictSame(told(only.findings), [], 'a plan of other keys does not speak of it')
})

t.test('renames before it replaces: the update of each key stands next to the rotation', async t => {
  const old = managedKey(a, { generation: 2, live: { createdAt: now - 70 * day } })
  const rotated = planOf({ desired: [b], keys: [old] })
  t.strictSame(summary(rotated), ['rotate key_a_2 g3', 'update key_a_2 key id'])
  const moved = desiredKey({ ...b, stores: [...b.stores, envFile] })
  const delivered = planOf({ desired: [moved], keys: live('a', ['head']) })
  t.strictSame(summary(delivered), ['deliver key_a_2 g3', 'update key_a_2 key id'])
  t.match(delivered.changes[0], { kind: 'deliver', fields: [] }, 'no field is named twice')
})

t.test('takes over the keys of a renamed stack, where they are declared', async t => {
  const key = desiredKey({ keyId: 'k' })
  const rows: readonly (readonly [
    what: string,
    of: { readonly former: readonly Kind[]; readonly own: readonly Kind[] },
    does: readonly string[],
    says: readonly string[],
  ])[] = [
    ['a head', { former: ['head'], own: [] }, ['update bots_key_k_2 stack'], []],
    [
      'killed after the predecessor',
      { former: ['head'], own: ['predecessor'] },
      ['update bots_key_k_2 stack', 'revoke key_kin'],
      [],
    ],
    ['no live key', { former: [], own: [] }, ['create k g1'], []],
    ['taken over already', { former: [], own: ['head'] }, [], []],
    [
      'delivered there after it was taken over',
      { former: ['head'], own: ['head'] },
      [],
      ['held k still-made: acme-agents/k, acme-bots/k'],
    ],
    [
      'made there after it was taken over',
      { former: ['old pending'], own: ['head'] },
      [],
      ['held k still-made: acme-agents/k, acme-bots/k'],
    ],
    ['just being made there', { former: ['pending'], own: [] }, [], ['held k being-made: acme-bots/k']],
    [
      'just being made there, above its head',
      { former: ['head', 'pending'], own: [] },
      [],
      ['held k being-made: acme-bots/k'],
    ],
    [
      'made there and left: it is healed here',
      { former: ['old pending'], own: [] },
      ['heal bots_key_k_3 g4', 'update bots_key_k_3 stack'],
      [],
    ],
  ]
  for (const [what, of, does, says] of rows) {
    const keys = [...live('k', of.former, bots), ...live('k', of.own)]
    const plan = planOf({ desired: [key], state: former, keys })
    t.strictSame([summary(plan), told(plan.findings)], [does, says], what)
  }
})

t.test('names what a former stack has besides, and never prunes it', async t => {
  const keys = [...live('k', ['head'], bots), ...live('x', ['head', 'leaked', 'old pending'], bots)]
  for (const unmanaged of ['report', 'revoke'] as const) {
    const state = { ...former, prune: { ...pruneRules, unmanaged } }
    const plan = planOf({ desired: [desiredKey({ keyId: 'k' })], state, keys })
    t.strictSame([summary(plan), waits(plan)], [['update bots_key_k_2 stack'], []])
    t.match(plan.findings, [{ code: 'left-in-former-stack', stack: 'acme-bots', keyIds: ['x'] }])
  }
})

t.test('takes over a key that was renamed together with its stack', async t => {
  const plan = planOf({ desired: [b], state: former, keys: live('a', ['head'], bots) })
  t.strictSame(summary(plan), ['update bots_key_a_2 stack key id'])
  const both = planOf({
    desired: [b],
    state: former,
    keys: [...live('a', ['head'], bots), ...live('b', ['head'], bots)],
  })
  t.strictSame([summary(both), told(both.findings)], [[], ['held b both-live: acme-bots/b, acme-bots/a']])
})

t.test('warns of a create whose key id and name another stack has, and of no other', async t => {
  const key = desiredKey({ keyId: 'k' })
  const rows: readonly (readonly [what: string, live: LiveKey, says: readonly string[]])[] = [
    ['the same key id and name', managedKey(key, { marked: bots }), ['made-by-other-stack']],
    ['another name', managedKey(key, { marked: bots, live: { name: 'Other' } }), []],
    ['another key id', managedKey(key, { marked: { ...bots, keyId: 'other' } }), []],
    ['a revoked one', managedKey(key, { marked: bots, live: { status: 'revoked' } }), []],
  ]
  for (const [what, other, says] of rows) {
    const plan = planOf({ desired: [key], keys: [other] })
    t.strictSame([summary(plan), told(plan.findings)], [['create k g1'], says], what)
  }
  const twice = planOf({
    desired: [key],
    keys: [managedKey(key), managedKey(key, { marked: bots, live: { id: 'key_x' } })],
  })
  t.strictSame(told(twice.findings), [], 'a key that is there is not created')
})

t.test('renames nothing where the listing may lack a key of the new name', async t => {
  const plan = planOf({ desired: [b], keys: live('a', ['head']), current: { complete: false } })
  t.match(plan.findings, [{ severity: 'refusal', code: 'listing-incomplete', keyIds: ['b'] }])
  const caller = callerWith({ scope: ['sales-assistant'] })
  const narrowed = planOf({ desired: [b], keys: live('a', ['head']), current: { caller } })
  t.match(narrowed.findings, [{ severity: 'held', code: 'listing-narrowed', keyIds: ['b'] }])
  t.strictSame(narrowed.changes, [])
})

/** The marker that the update of a key that is renamed leaves. */
function written({ live: key, desired, mark }: Update, stack: string): Marker {
  if (key.ownership.kind !== 'managed') throw new Error('a planned key is managed')
  const { marker } = key.ownership
  const names = { stack, keyId: desired.keyId }
  if (mark.event !== 'retired') return transition(marker, { kind: 'renamed', ...names }, key.id)
  const { successor } = mark
  const times = { at: now, graceUntil: now + desired.rotation.grace }
  return transition(
    marker,
    { kind: 'retired', stack, desired, nonce, live: key, successor, ...times },
    key.id,
  )
}

t.test('goes on with a rename that was interrupted after any of its requests', async t => {
  let several = 0
  fc.assert(
    fc.property(anyWorld, ({ desired, current, options }) => {
      const plan = computePlan(desired, current, now, options)
      const renaming = plan.changes.filter(renames)
      for (const keyId of new Set(renaming.map(change => change.keyId))) {
        const order = inRenameOrder(renaming.filter(change => change.keyId === keyId))
        const renamed = new Map<string, LiveKey>()
        const headOf = (keys: readonly LiveKey[]) =>
          ownedKeys(desired, keys, now, evidenceOf(desired.keys, options)).lineages.get(keyId)?.head ?? null
        const head = headOf(current.keys)
        if (order.length > 1) several += 1
        for (const [index, change] of order.entries()) {
          const { live: key } = change
          renamed.set(key.id, {
            ...key,
            ownership: { kind: 'managed', marker: written(change, desired.stack) },
          })
          const keys = current.keys.map(each => renamed.get(each.id) ?? each)
          const leading = headOf(keys)
          assert.deepEqual([leading?.live.id, leading?.marker.state], [head?.live.id, head?.marker.state])
          const after = computePlan(desired, { ...current, keys }, now, options)
          assert.deepEqual(
            after.findings.filter(finding => finding.code === 'rename-held' && finding.keyId === keyId),
            [],
          )
          assert.deepEqual(
            after.changes.flatMap(change =>
              renames(change) && change.keyId === keyId ? [change.live.id] : [],
            ),
            order
              .slice(index + 1)
              .map(({ live: left }) => left.id)
              .sort(),
          )
        }
      }
    }),
    // Enough for several keys of one key id to be among them often.
    { numRuns: Math.max(1000, cases(1000)) },
  )
  t.ok(several > 10, 'of several keys, too')
})

t.test('touches no key of a name that is held, and none that a former stack keeps', async () => {
  fc.assert(
    fc.property(anyWorld, ({ desired, current, options }) => {
      const plan = computePlan(desired, current, now, options)
      const ids = new Set(
        plan.findings.flatMap(finding =>
          finding.code === 'rename-held' ? finding.names.flatMap(({ liveIds }) => liveIds) : [],
        ),
      )
      const left = ownedKeys(desired, current.keys, now).left.map(key => key.live.id)
      for (const change of plan.changes) {
        const touched =
          change.kind === 'heal'
            ? change.pending.map(each => each.live.id)
            : 'live' in change
              ? [change.live.id]
              : []
        for (const id of touched) assert.equal(ids.has(id) || left.includes(id), false)
      }
      for (const { live: key } of plan.retiring) assert.equal(ids.has(key.id) || left.includes(key.id), false)
    }),
    { numRuns: cases(1000) },
  )
})

t.test('keeps an unmanaged key of a declared name while that key id has no head', async t => {
  const unmanaged = liveKey({ name: b.name, createdAt: now - 40 * day })
  const state = { prune: { ...pruneRules, unmanaged: 'revoke' } } as const
  const rows: readonly (readonly [what: string, kinds: readonly Kind[], does: readonly string[]])[] = [
    ['no key: it waits for a word on the other', [], []],
    ['a key that nobody received', ['old pending'], ['heal key_b_3 g4']],
    ['only a leaked one', ['leaked'], ['rotate key_b_1 g2']],
    ['a head', ['head'], ['revoke key_stranger']],
    ['an adopted head', ['adopted'], ['revoke key_stranger']],
  ]
  for (const [what, kinds, does] of rows) {
    const plan = planOf({ desired: [b], state, keys: [unmanaged, ...live('b', kinds)] })
    const shown = summary(plan).filter(each => !each.startsWith('revoke key_b'))
    t.strictSame(
      [shown, plan.unmanaged.length],
      [does, kinds.some(k => k === 'head' || k === 'adopted') ? 0 : 1],
      what,
    )
  }
})

t.test('releases a whole stack only where that is said on purpose', async t => {
  const keys = [managedKey(a), managedKey(desiredKey({ keyId: 'k' })), liveKey({ createdAt: now - 40 * day })]
  const rows: readonly (readonly [string, Partial<DesiredState['prune']>, readonly string[]])[] = [
    ['an empty configuration', { removed: 'retain' }, []],
    ['the same, with revoke', {}, []],
    ['on purpose', { removed: 'retain', releaseStack: true }, ['release key_a_1', 'release key_k_1']],
    [
      'on purpose, where unmanaged keys are pruned',
      { removed: 'retain', releaseStack: true, unmanaged: 'revoke' },
      ['release key_a_1', 'release key_k_1'],
    ],
  ]
  for (const [what, rules, does] of rows) {
    const plan = planOf({ desired: [], keys, state: { prune: { ...pruneRules, ...rules } } })
    t.strictSame(summary(plan), does, what)
  }
})
