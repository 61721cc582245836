import type { LifecycleEvent } from '../../src/lifecycle/events.ts'
import { transition } from '../../src/lifecycle/transitions.ts'
import type { Change, Plan } from '../../src/model/change.ts'
import { type FieldChange, isRename } from '../../src/model/field-change.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { shortHash } from '../../src/model/hash.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { type Removal, noRemoval } from '../../src/model/removal.ts'
import { fieldChanges } from '../../src/plan/fields.ts'
import { renames } from '../../src/plan/plan-renames.ts'
import { isOfThisPlace, placeOf } from '../../src/plan/place.ts'
import { withoutNarrowingCaller } from '../../src/plan/plan-update.ts'
import { managedKey, nonce } from './build.ts'
import type { World } from './worlds.ts'

function markerOf({ ownership }: LiveKey): Marker | null {
  return ownership.kind === 'managed' ? ownership.marker : null
}

function patched(live: LiveKey, fields: readonly FieldChange[]): LiveKey {
  let next = live
  for (const change of fields) {
    if (change.field === 'expires') next = { ...next, expiresAt: change.desired }
    else if (!['protect', 'state', 'signature'].includes(change.field) && !isRename(change))
      next = { ...next, [change.field]: change.desired }
  }
  return next
}

/**
 * The live keys after a plan is applied without fault at its own `now`. `storesAnswer`: a store still has the secret of
 * every key that has to be recovered, unless the plan knows that it has not. Null where apply could only fail.
 */
export function applied(
  plan: Plan,
  { desired: { stack }, current, options }: World,
  storesAnswer: boolean,
): readonly LiveKey[] | null {
  const { now: moment } = plan
  const live = new Map(current.keys.map(key => [key.id, key]))

  const set = (key: LiveKey, event: LifecycleEvent, before = markerOf(key)) => {
    const marker = transition(before, event as never, key.id)
    live.set(key.id, { ...key, ownership: { kind: 'managed', marker } })
  }
  /** What carried the marker of another key is ours to the plan. */
  const present = (key: LiveKey) => {
    const now = live.get(key.id)
    return now?.ownership.kind === 'managed' ? now : key
  }
  const answer = (keyId: string, { id }: LiveKey) =>
    storesAnswer && (options.held.get(keyId)?.has(id) ?? true)
  const hostOf = (desired: DesiredKey, otherwise: string | null) =>
    options.localKeys.has(desired.keyId) ? placeOf(desired.keyId, options) : otherwise
  const deliver = (key: LiveKey, desired: DesiredKey, generation: number, { left, host }: Removal) =>
    set(key, {
      kind: 'delivered',
      desired,
      live: key,
      generation,
      at: moment,
      host: hostOf(desired, left.length > 0 ? host : null),
      formerStores: left,
    })
  const retire = (key: LiveKey, successor: string, desired: DesiredKey) =>
    set(key, {
      kind: 'retired',
      stack,
      desired,
      nonce,
      live: key,
      successor,
      at: moment,
      graceUntil: moment + desired.rotation.grace,
    })
  const makeNext = (
    desired: DesiredKey,
    generation: number,
    predecessors: readonly LiveKey[],
    removal: Removal,
  ) => {
    const id = `key_new_${desired.keyId}_${generation}`
    const state = { kind: 'pending' } as const
    const made = managedKey(desired, { generation, state, live: { id, createdAt: moment } })
    for (const key of predecessors) if (live.has(key.id)) retire(present(key), id, desired)
    deliver(made, desired, generation, removal)
  }
  const regenerate = (key: LiveKey, desired: DesiredKey, generation: number, removal: Removal) => {
    const fresh = {
      ...key,
      regeneratedAt: moment,
      maskedKey: `flux_ci_****...${shortHash(`${key.id}${generation}`, 5)}`,
    }
    const marker = markerOf(key)
    if (marker === null) throw new Error('a planned key is managed')
    const wanted = fieldChanges(desired, { live: fresh, marker }, moment)
    const { fields } = withoutNarrowingCaller(desired.keyId, fresh, wanted, { current })
    deliver(patched(fresh, fields), desired, generation, removal)
  }
  const narrow = (key: LiveKey, desired: DesiredKey, fields: readonly FieldChange[]) =>
    set(patched(present(key), fields), { kind: 'renamed', stack, keyId: desired.keyId })

  const apply = (change: Change): boolean => {
    switch (change.kind) {
      case 'rotate': {
        const { desired, generation, predecessors, leaked, removal } = change
        if (change.strategy === 'in-place') regenerate(present(change.live), desired, generation, removal)
        else {
          for (const key of leaked) set(present(key), { kind: 'leaked', stack, keyId: desired.keyId })
          makeNext(desired, generation, predecessors, removal)
        }
        return true
      }
      case 'create':
        makeNext(change.desired, change.generation, [], noRemoval)
        return true
      case 'deliver': {
        const { desired, fields, narrowing, generation, predecessors, removal } = change
        if (answer(change.keyId, change.live) && !change.rotates)
          deliver(
            patched(present(change.live), fields),
            desired,
            markerOf(present(change.live))?.generation ?? 1,
            removal,
          )
        else if (change.strategy === 'in-place')
          regenerate(present(change.live), desired, generation, removal)
        else {
          makeNext(desired, generation, predecessors, removal)
          narrow(change.live, desired, narrowing)
        }
        return true
      }
      case 'heal': {
        const { desired, generation, predecessors, removal } = change
        const [newest, ...others] = change.pending
        if (newest !== undefined && answer(change.keyId, newest.live)) {
          for (const key of predecessors)
            if (key.id !== newest.live.id) retire(present(key), newest.live.id, desired)
          const marker = markerOf(newest.live)
          deliver(patched(present(newest.live), newest.fields), desired, marker?.generation ?? 1, removal)
          for (const { live: other, narrowing } of others) narrow(other, desired, narrowing)
          return true
        }
        if (generation === null) return false
        const theirs = change.pending.findIndex(key => {
          const marker = markerOf(key.live)
          return marker !== null && !isOfThisPlace(change.keyId, marker, options)
        })
        for (const [index, { live: key, narrowing }] of change.pending.entries()) {
          if (theirs === -1 || index < theirs) live.delete(key.id)
          else narrow(key, desired, narrowing)
        }
        for (const { id } of change.excess) live.delete(id)
        makeNext(desired, generation, predecessors, removal)
        return true
      }
      case 'adopt': {
        const { desired, generation, fields } = change
        const event = { kind: 'adopted', stack, desired, generation, nonce } as const
        set(patched(change.live, fields), event, null)
        return true
      }
      case 'update': {
        const { desired, fields, mark, removal } = change
        const key = patched(present(change.live), fields)
        const forgotten = [...removal.from.map(({ hash }) => hash), ...removal.forgotten]
        if (mark.event === 'updated') {
          set(key, { kind: 'renamed', stack, keyId: desired.keyId })
          set(present(key), { kind: 'updated', desired, forgotten })
        } else if (mark.event === 'narrowed') set(key, { kind: 'renamed', stack, keyId: desired.keyId })
        else if (mark.event === 'granted') set(key, { kind: 'granted', grant: mark.grant })
        else if (mark.event === 'retired') retire(key, mark.successor, desired)
        else {
          const { generation } = mark
          const host = hostOf(desired, null)
          set(
            key,
            { kind: 'recognised', stack, desired, live: key, generation, nonce, at: moment, host },
            null,
          )
        }
        return true
      }
      case 'release':
        set(change.live, { kind: 'released', at: moment })
        return true
      case 'revoke':
        live.delete(change.live.id)
        return true
    }
  }
  const later = ['update', 'revoke']
  const turn = (change: Change) => (renames(change) ? -2 : later.indexOf(change.kind))
  const ordered = [...plan.changes].sort((a, b) => turn(a) - turn(b))
  return ordered.every(apply) ? [...live.values()] : null
}
