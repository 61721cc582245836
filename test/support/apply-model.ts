import type { Change, Plan } from '../../src/model/change.ts'
import type { FieldChange } from '../../src/model/field-change.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { shortHash } from '../../src/model/hash.ts'
import { type LiveKey, visibleEnd } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { type Removal, noRemoval } from '../../src/model/removal.ts'
import { fieldHashes } from '../../src/lifecycle/field-hashes.ts'
import { fieldChanges, narrowing } from '../../src/plan/fields.ts'
import { withoutNarrowingCaller } from '../../src/plan/update.ts'
import { managedKey } from './build.ts'
import type { World } from './worlds.ts'

function markerOf({ ownership }: LiveKey): Marker {
  if (ownership.kind !== 'managed') throw new Error('a planned key is managed')
  return ownership.marker
}

function patched(live: LiveKey, fields: readonly FieldChange[]): LiveKey {
  let next = live
  for (const change of fields) {
    if (change.field === 'expires') next = { ...next, expiresAt: change.desired }
    else if (change.field !== 'protect' && change.field !== 'key id')
      next = { ...next, [change.field]: change.desired }
  }
  return next
}

/**
 * The live keys after a plan is applied without fault at its own `now`. `storesAnswer`: a store still has the secret of
 * every key that has to be recovered. Null where apply could only fail.
 */
export function applied(
  plan: Plan,
  { current, options }: World,
  storesAnswer: boolean,
): readonly LiveKey[] | null {
  const { now } = plan
  const live = new Map(current.keys.map(key => [key.id, key]))

  const declared = (marker: Marker, desired: DesiredKey): Marker => ({
    ...marker,
    keyId: desired.keyId,
    fields: fieldHashes(desired),
    protected: desired.protect,
  })
  const without = (marker: Marker, { from, forgotten }: Removal): Marker => {
    const gone = [...from.map(({ hash }) => hash), ...forgotten]
    const isKnown = (hash: string) => !gone.includes(hash)
    return {
      ...marker,
      stores: marker.stores.filter(isKnown),
      formerStores: marker.formerStores.filter(isKnown),
    }
  }
  const set = (key: LiveKey, marker: Marker) =>
    live.set(key.id, { ...key, ownership: { kind: 'managed', marker } })
  const delivered = (key: LiveKey, desired: DesiredKey, graceUntil: number, { left, host }: Removal) =>
    set(key, {
      ...declared(markerOf(key), desired),
      state: { kind: 'delivered', visibleEnd: visibleEnd(key.maskedKey), at: now, graceUntil },
      stores: desired.stores.map(({ hash }) => hash),
      formerStores: left,
      host: options.localKeys.has(desired.keyId) ? options.host : left.length > 0 ? host : null,
    })
  const makeNext = (desired: DesiredKey, generation: number, removal: Removal) => {
    const id = `key_new_${desired.keyId}_${generation}`
    const made = managedKey(desired, {
      generation,
      live: { id, createdAt: now },
      marked: { nonce: `new${shortHash(id, 7)}` },
    })
    delivered(made, desired, now + desired.rotation.grace, removal)
  }
  const regenerate = (key: LiveKey, desired: DesiredKey, generation: number, removal: Removal) => {
    const fresh = {
      ...key,
      regeneratedAt: now,
      maskedKey: `flux_ci_****...${shortHash(`${key.id}${generation}`, 5)}`,
    }
    const marker = { ...markerOf(key), generation }
    const { state } = marker
    const graceUntil = state.kind === 'delivered' ? state.graceUntil : now
    const wanted = fieldChanges(desired, { live: fresh, marker }, now)
    const { fields } = withoutNarrowingCaller(desired.keyId, fresh, wanted, { current })
    const answer: LiveKey = { ...patched(fresh, fields), ownership: { kind: 'managed', marker } }
    delivered(answer, desired, graceUntil, removal)
  }
  const renamed = (key: LiveKey, desired: DesiredKey) => set(key, { ...markerOf(key), keyId: desired.keyId })
  const narrow = (key: LiveKey, desired: DesiredKey) =>
    renamed(patched(key, narrowing(desired, { live: key, marker: markerOf(key) })), desired)

  const apply = (change: Change): boolean => {
    switch (change.kind) {
      case 'rotate':
        if (change.strategy === 'in-place') {
          regenerate(change.live, change.desired, change.generation, change.removal)
          return true
        }
        makeNext(change.desired, change.generation, change.removal)
        return true
      case 'create':
        makeNext(change.desired, change.generation, noRemoval)
        return true
      case 'deliver': {
        const { desired, fields, generation, reasons, removal } = change
        const overtaken = reasons.some(({ code }) => code === 'overtaken')
        const { state } = markerOf(change.live)
        if (storesAnswer && !change.rotates && state.kind === 'delivered') {
          const former = patched(change.live, fields)
          const marker = { ...markerOf(former), ...(overtaken ? { generation } : {}) }
          delivered(
            { ...former, ownership: { kind: 'managed', marker } },
            desired,
            overtaken ? now + desired.rotation.grace : state.graceUntil,
            removal,
          )
        } else if (change.strategy === 'in-place') {
          regenerate(change.live, desired, generation, removal)
        } else {
          makeNext(desired, generation, removal)
          narrow(change.live, desired)
        }
        return true
      }
      case 'heal': {
        const { desired, generation, removal } = change
        const [newest, ...others] = change.pending
        if (newest !== undefined && storesAnswer) {
          delivered(patched(newest.live, newest.fields), desired, now + desired.rotation.grace, removal)
          for (const { live: other } of others) narrow(other, desired)
          return true
        }
        if (generation === null) return false
        const theirs = change.pending.findIndex(key => markerOf(key.live).host !== options.host)
        for (const [index, { live: key }] of change.pending.entries()) {
          if (theirs === -1 || index < theirs) live.delete(key.id)
          else narrow(key, desired)
        }
        makeNext(desired, generation, removal)
        return true
      }
      case 'adopt': {
        const { desired, generation, fields } = change
        const made = markerOf(managedKey(desired, { generation, state: { kind: 'external' } }))
        const nonce = `ad${shortHash(change.live.id, 8)}`
        set(patched(change.live, fields), { ...made, nonce, stores: [], host: null })
        return true
      }
      case 'update': {
        const next = patched(live.get(change.live.id) ?? change.live, change.fields)
        if (change.superseded) renamed(next, change.desired)
        else set(next, without(declared(markerOf(next), change.desired), change.removal))
        return true
      }
      case 'release':
        set(change.live, { ...markerOf(change.live), state: { kind: 'released', at: now }, host: null })
        return true
      case 'revoke':
        live.delete(change.live.id)
        return true
    }
  }
  const later = ['update', 'revoke']
  const ordered = [...plan.changes].sort((a, b) => later.indexOf(a.kind) - later.indexOf(b.kind))
  return ordered.every(apply) ? [...live.values()] : null
}
