import assert from 'node:assert/strict'
import { cases } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { type Change, type Plan, type Retiring, isRefused } from '../../src/model/change.ts'
import { beforeDelivery } from '../../src/lifecycle/last-use.ts'
import type { DesiredState } from '../../src/model/desired.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { isProvision } from '../../src/model/verb.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { hashId } from '../../src/lifecycle/binding.ts'
import { narrows } from '../../src/model/narrowing.ts'
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

const runs = { numRuns: cases(1000) }

t.test('leaves a deep-frozen input as it is', async () => {
  fc.assert(
    fc.property(anyWorld, world => {
      planOf(deepFreeze(world))
    }),
    { numRuns: cases(300) },
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

/** An unmanaged key with the name of a declared one stays until that one has a head, which this apply may have given it. */
function wasKeptForItsName(change: Change, { desired: { keys } }: World): boolean {
  return (
    change.kind === 'revoke' && change.generation === 0 && keys.some(({ name }) => name === change.live.name)
  )
}

/** Of two keys with the name to adopt this apply may have marked one as ours; nobody chooses before that. */
function isClearNow(change: Change, { findings }: Plan): boolean {
  return (
    change.kind === 'adopt' &&
    findings.some(
      finding =>
        finding.code === 'cannot-adopt' && finding.cause === 'ambiguous' && finding.keyId === change.keyId,
    )
  )
}

t.test('finds nothing to do right after an apply, but the retiring keys that go one by one', async () => {
  fc.assert(
    fc.property(anyWorld, fc.boolean(), (world, storesAnswer) => {
      const plan = planOf(world)
      // What is deferred, or above the limit on revocations, is for the next run to do.
      const isLimited = plan.findings.some(({ code }) => code === 'limit')
      fc.pre(!isRefused(plan) && plan.deferred.length === 0 && !isLimited)
      let keys = applied(plan, world, storesAnswer)
      const waits = plan.retiring.filter(each => waitsForRevocation(each, plan)).length
      const revivals = plan.changes.filter(revives).length
      for (let left = waits + revivals; keys !== null; left -= 1) {
        const options = { ...world.options, held: heldAfter(keys, plan, world) }
        const after: World = { ...world, current: { ...world.current, keys }, options }
        const next = planOf(after)
        assert.equal(isRefused(next), false)
        const changes = next.changes.filter(
          change => !wasKeptForItsName(change, world) && !isClearNow(change, plan),
        )
        if (changes.length === 0) return
        assert.ok(
          left > 0 && changes.every(change => isTurn(change) || isRivalOfRevived(change, plan)),
          JSON.stringify(changes),
        )
        keys = applied(next, after, storesAnswer)
      }
    }),
    runs,
  )
})

/** Is a key with this marker ours, also under a name that the stack had before? */
function isOurs(marker: Marker, { stack, formerly }: DesiredState): boolean {
  return [stack, ...formerly].includes(marker.stack)
}

/** Is it the successor that a retiring key of ours names? */
function isNamed(id: string, { desired, current }: World): boolean {
  return current.keys.some(({ ownership }) => {
    if (ownership.kind !== 'managed' || !isOurs(ownership.marker, desired)) return false
    const { state } = ownership.marker
    return state.kind === 'retiring' && state.successor === hashId(id)
  })
}

/** What stores hold after a plan: what it put there last, else what they held before. */
function heldAfter(
  keys: readonly LiveKey[],
  { changes }: Plan,
  { options }: World,
): World['options']['held'] {
  const given = new Set(changes.filter(isProvision).map(({ keyId }) => keyId))
  const delivered = (keyId: string) =>
    keys
      .flatMap(({ id, ownership }) => {
        if (ownership.kind !== 'managed' || ownership.marker.keyId !== keyId) return []
        const { state } = ownership.marker
        return state.kind === 'delivered' ? [{ id, at: state.at }] : []
      })
      .toSorted((one, other) => other.at - one.at)
      .slice(0, 1)
      .map(({ id }) => id)
  return new Map(
    [...options.held].map(
      ([keyId, ids]) => [keyId, given.has(keyId) ? new Set(delivered(keyId)) : ids] as const,
    ),
  )
}

/** Of one key id, one retiring key goes in a run. */
/** It goes once another has gone that this apply revokes: the one before it, or the abandoned one that it names. */
function waitsForRevocation({ keyId, wait }: Retiring, { changes }: Plan): boolean {
  if (wait.code === 'another-first') return true
  return (
    wait.code === 'successor-pending' &&
    changes.some(
      change => change.keyId === keyId && change.kind === 'revoke' && change.reason.code === 'abandoned',
    )
  )
}

/** A key of another place that had ended, for which others retire only once it works. */
const revives = (change: Change) =>
  change.kind === 'update' &&
  !change.superseded &&
  change.live.expiresAt !== null &&
  change.live.expiresAt <= now

const isTurn = (change: Change) => change.kind === 'revoke' && change.reason.code === 'superseded'

const isRivalOfRevived = (change: Change, { changes }: Plan) =>
  change.kind === 'update' &&
  change.mark.event === 'retired' &&
  changes.some(each => revives(each) && each.keyId === change.keyId)

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
        const isClaimed = ownership.kind === 'copied' || ownership.kind === 'unreadable'
        assert.ok(ownership.kind === 'unmanaged' || released || (isClaimed && change.desired.adopt === id))
        assert.ok(change.desired.adopt === id || change.desired.adopt === name)
      }
      for (const { id, name, ownership } of touched(plan)) {
        const [change] = plan.changes.filter(each => 'live' in each && each.live.id === id)
        if (ownership.kind !== 'managed' && change?.kind === 'update') {
          assert.ok(isNamed(id, world), 'a retiring key of ours names it')
          continue
        }
        if (ownership.kind === 'unmanaged') {
          assert.ok(change === undefined || change.kind === 'revoke')
          assert.ok(unmanaged === 'revoke' || unused?.action === 'revoke')
          assert.equal(keep.includes(id) || (keep.includes('M*') && name.startsWith('M')), false)
          continue
        }
        const { stack, formerly } = world.desired
        const marker = ownership.kind === 'managed' ? ownership.marker : null
        assert.ok(marker?.stack === stack || formerly.includes(marker?.stack ?? ''))
        if (marker?.stack !== stack) {
          const isDeclared = world.desired.keys.some(
            ({ keyId, previously }) => marker?.keyId === keyId || marker?.keyId === previously,
          )
          assert.ok(isDeclared, 'of a former stack only what is declared')
        }
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
        const { changes } = planOf(world)
        for (const change of changes) {
          if (change.kind !== 'revoke') continue
          const { live, keyId, gate } = change
          const marker = live.ownership.kind === 'managed' ? live.ownership.marker : null
          const beyondUse =
            marker?.state.kind === 'leaked' || live.status === 'expired' || (live.expiresAt ?? now + 1) <= now
          if (!beyondUse && !gate.waived) {
            assert.ok(live.lastUse.known)
            const { at, userAgent } = live.lastUse
            const recent = at !== null && now - at < gate.quiet
            const isFirstLook =
              userAgent?.endsWith(beforeDelivery) === true && marker?.state.kind !== 'external'
            assert.ok(!recent || isFirstLook)
          }
          assert.equal(gate.waived && options.revokeInUse.length === 0, false)
          if (!declared.has(keyId)) {
            assert.notEqual(marker?.protected, true)
            continue
          }
          const successor = current.keys.some(
            ({ ownership: other, status }) =>
              status !== 'revoked' &&
              // What was copied counts where a store proves it.
              (other.kind === 'managed' || other.kind === 'copied') &&
              isOurs(other.marker, desired) &&
              [keyId, former(keyId)].includes(other.marker.keyId) &&
              other.marker.nonce !== marker?.nonce &&
              ['delivered', 'external'].includes(other.marker.state.kind),
          )
          const isProvided = changes.some(
            each => each.keyId === keyId && ['rotate', 'deliver', 'heal'].includes(each.kind),
          )
          assert.ok(successor || isProvided || marker?.state.kind === 'leaked')
        }
      }),
      runs,
    )
  },
)
