import type { Plan } from '../../src/model/change.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { FormerStore, FormerStores } from '../../src/model/removal.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import type { CurrentState, PlanOptions } from '../../src/plan/input.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  managedKey,
  now,
  options,
  retiringFor,
  thisHost,
} from './build.ts'

/** What a plan is made from; the built `desiredKey()` alone is declared and nothing is live, unless said otherwise. */
export interface Case {
  readonly desired?: readonly DesiredKey[]
  readonly state?: Partial<DesiredState>
  readonly keys?: readonly LiveKey[]
  readonly current?: Partial<CurrentState>
  readonly options?: Partial<PlanOptions>
}

export function planOf({ desired = [desiredKey()], state, keys = [], current, options: chosen }: Case): Plan {
  return computePlan(desiredState(desired, state), currentState(keys, current), now, options(chosen))
}

/** Stores that the one key's declaration lost, found again; as they were, and free, unless said otherwise. */
export function formerly(
  ...stores: readonly (Partial<FormerStore> & Pick<FormerStore, 'spec' | 'hash'>)[]
): FormerStores {
  const found = stores.map(store => ({ free: store.spec, local: true, ...store }))
  return new Map([['ci-pipeline', found]])
}

/** `kind live-id...`: enough to tell what a plan does to whom. */
export function summary({ changes }: Plan): readonly string[] {
  return changes.map(change => {
    switch (change.kind) {
      case 'create':
        return `create ${change.keyId} g${change.generation}`
      case 'heal':
        return `heal ${change.pending.map(({ live }) => live.id).join(' ')} g${change.generation ?? '-'}`
      case 'rotate':
      case 'deliver':
        return `${change.kind} ${change.live.id} g${change.generation}`
      case 'adopt':
        return `adopt ${[change.live.id, ...change.fields.map(({ field }) => field)].join(' ')}`
      case 'update':
        return `update ${change.live.id} ${change.fields.map(({ field }) => field).join(' ')}`
      case 'release':
        return `release ${change.live.id}`
      case 'revoke':
        return `revoke ${change.live.id}`
    }
  })
}

export const waits = ({ retiring }: Plan) => retiring.map(({ live, wait }) => `${live.id} ${wait.code}`)
export const codes = ({ findings }: Plan) => findings.map(({ code }) => code)

export const key = desiredKey()
export const aged = managedKey(key, { live: { createdAt: now - 70 * day } })
export const pending = (generation: number, host: string | null = thisHost, live: Partial<LiveKey> = {}) =>
  managedKey(key, { generation, state: { kind: 'pending' }, marked: { host }, live })
export const leaked = (generation: number, live: Partial<LiveKey> = {}) =>
  managedKey(key, { generation, state: { kind: 'leaked' }, live })
/** Replaced by `head()` when that was first delivered. */
export const retired = (live: Partial<LiveKey> = {}) =>
  managedKey(key, { state: retiringFor('key_ci-pipeline_2', 10 * day - hour, deliveredLongAgo), live })
export const deliveredLongAgo = now - 10 * day + hour
export const head = (live: Partial<LiveKey> = {}) => managedKey(key, { generation: 2, live })
export const other = desiredKey({ keyId: 'other' })
export const undeclared = (live: Partial<LiveKey> = {}, desired = desiredKey({ keyId: 'gone' })) =>
  managedKey(desired, { live })
