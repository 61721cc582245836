import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { type Plan, isRefused } from '../../src/model/change.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { narrows } from '../../src/plan/fields.ts'
import { applied } from '../support/apply-model.ts'
import { now } from '../support/build.ts'
import { type World, anyWorld } from '../support/worlds.ts'

const planOf = ({ desired, current, options }: World): Plan => computePlan(desired, current, now, options)

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}

const runs = { numRuns: 1000 }

t.test('leaves a deep-frozen input as it is', async () => {
  fc.assert(
    fc.property(anyWorld, world => {
      planOf(deepFreeze(world))
    }),
    { numRuns: 300 },
  )
})

t.test('gives the same plan for the same input in any order', async () => {
  const shuffled = anyWorld.chain(world =>
    fc.tuple(
      fc.constant(world),
      fc.shuffledSubarray([...world.desired.keys], { minLength: world.desired.keys.length }),
      fc.shuffledSubarray([...world.current.keys], { minLength: world.current.keys.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([world, declared, live]) => {
      const other: World = {
        ...world,
        desired: { ...world.desired, keys: declared },
        current: { ...world.current, keys: live },
      }
      assert.deepEqual(planOf(other), planOf(world))
    }),
    runs,
  )
})

t.test('finds nothing to do right after an apply', async () => {
  fc.assert(
    fc.property(anyWorld, fc.boolean(), (world, storesAnswer) => {
      const plan = planOf(world)
      fc.pre(!isRefused(plan))
      const keys = applied(plan, world, storesAnswer)
      if (keys === null) return
      const next = planOf({ ...world, current: { ...world.current, keys } })
      assert.deepEqual(next.changes, [])
      assert.equal(isRefused(next), false)
    }),
    runs,
  )
})

const touched = (plan: Plan): readonly LiveKey[] =>
  plan.changes.flatMap(change => {
    if (change.kind === 'create' || change.kind === 'adopt') return []
    return change.kind === 'heal' ? change.pending.map(({ live }) => live) : [change.live]
  })

t.test('touches only keys of its own stack, and those of nobody that the configuration lets go', async () => {
  fc.assert(
    fc.property(anyWorld, world => {
      const plan = planOf(world)
      const { keep, unmanaged, unused } = world.desired.prune
      for (const change of plan.changes) {
        if (change.kind !== 'adopt') continue
        const { ownership, id, name } = change.live
        const released = ownership.kind === 'managed' && ownership.marker.state.kind === 'released'
        assert.ok(ownership.kind === 'unmanaged' || released)
        assert.ok(change.desired.adopt === id || change.desired.adopt === name)
      }
      for (const { id, name, ownership } of touched(plan)) {
        if (ownership.kind === 'unmanaged') {
          const [change] = plan.changes.filter(each => 'live' in each && each.live.id === id)
          assert.ok(change === undefined || change.kind === 'revoke')
          assert.ok(unmanaged === 'revoke' || unused?.action === 'revoke')
          assert.equal(keep.includes(id) || (keep.includes('M*') && name.startsWith('M')), false)
          continue
        }
        assert.equal(ownership.kind === 'managed' && ownership.marker.stack, world.desired.stack)
        assert.notEqual(ownership.kind === 'managed' && ownership.marker.state.kind, 'released')
      }
    }),
    runs,
  )
})

t.test('neither revokes nor narrows the calling key', async () => {
  fc.assert(
    fc.property(anyWorld, world => {
      const id = world.current.caller.key?.id
      for (const change of planOf(world).changes) {
        if (change.kind === 'revoke') assert.notEqual(change.live.id, id)
        if (
          (change.kind === 'update' || change.kind === 'deliver' || change.kind === 'adopt') &&
          change.live.id === id
        ) {
          assert.equal(change.fields.some(narrows), false)
        }
      }
    }),
    runs,
  )
})

t.test(
  'revokes neither a declared head, nor a key in use, nor one below an undelivered successor',
  async () => {
    fc.assert(
      fc.property(anyWorld, world => {
        const { desired, current, options } = world
        const declared = new Set(desired.keys.map(({ keyId }) => keyId))
        const former = (keyId: string) => desired.keys.find(key => key.keyId === keyId)?.previously
        for (const change of planOf(world).changes) {
          if (change.kind !== 'revoke') continue
          const { live, keyId, generation, gate } = change
          const marker = live.ownership.kind === 'managed' ? live.ownership.marker : null
          const beyondUse =
            marker?.state.kind === 'leaked' || live.status === 'expired' || (live.expiresAt ?? now + 1) <= now
          if (!beyondUse && !gate.waived) {
            assert.ok(live.lastUse.known)
            const { at, userAgent } = live.lastUse
            const recent = at !== null && now - at < gate.quiet
            const ours = userAgent?.startsWith('fluxloop-keys/') === true
            assert.ok(!recent || (ours && (gate.deliveredAt === null || at <= gate.deliveredAt)))
          }
          assert.equal(gate.waived && options.revokeInUse.length === 0, false)
          if (!declared.has(keyId)) {
            assert.notEqual(marker?.protected, true)
            continue
          }
          const successor = current.keys.some(
            ({ ownership: other, status }) =>
              status !== 'revoked' &&
              other.kind === 'managed' &&
              other.marker.stack === desired.stack &&
              [keyId, former(keyId)].includes(other.marker.keyId) &&
              other.marker.generation >= generation &&
              other.marker.nonce !== marker?.nonce &&
              ['delivered', 'external'].includes(other.marker.state.kind),
          )
          assert.ok(successor || marker?.state.kind === 'leaked')
        }
      }),
      runs,
    )
  },
)
