import pLimit from 'p-limit'
import type { CrashHook } from '../../../src/apply/crash-points.ts'
import type { ApplyStore, ApplyStores } from '../../../src/apply/run.ts'
import { minute } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import { type StoreSpec, storeLabel } from '../../../src/model/store.ts'
import type { Issued } from '../../../src/platform/types.ts'
import type { PlatformPort } from '../model-platform.ts'
import { isLocal, kindOf } from './history-configuration.ts'
import { deliveredPlaces, familyOf, markedBy, topOf } from './heads.ts'
import type { Deed } from './deed.ts'
import { judgeRegenerating, judgeUpdating } from './judge-changing.ts'
import { isAbandoned, judgeRevoking } from './judge-revoking.ts'
import type { Write } from './judge-writes.ts'
import { judgeInstant } from './judge-stores.ts'
import type { Apply, History } from './steps.ts'
import { siteOf } from './sites.ts'
import { type Death, type HistoryWorld, breaks, dies, holderOf, placeOf, secretOf } from './history-world.ts'

/** Thrown at a crash point: the process is no more. Nothing after it happens. */
export class Killed extends Error {}

/** A run in the eyes of what watches it. */
export interface Watch extends Omit<Deed, 'callerId' | 'born' | 'stored'> {
  callerId: string | null
  readonly born: Set<string>
  stored: ReadonlySet<string>
  /** Its last look at the platform, and its first, of which the plan was made. */
  seen: readonly LiveKey[]
  planned: readonly LiveKey[] | null
  /** Live keys that it revoked. */
  readonly died: Set<string>
  /** What the platform carried out for it, in order. */
  readonly writes: Write[]
  /** The key ids that it made a secret for. */
  readonly rotated: string[]
  readonly step: Pick<Apply, 'host' | 'kill' | 'locked'>
  readonly history: Pick<History, 'tick' | 'dateless'>
  /** Plays what happens on the platform before the nth request. */
  readonly beforeRequest: (count: number) => Promise<void>
}

export interface Watched {
  readonly platform: PlatformPort
  readonly stores: ApplyStores
  readonly hook: CrashHook
  readonly wasKilled: () => boolean
}

/** Everything that a run does goes through here: judged before, noted after, and cut off where the process dies. */
export function watched(client: PlatformPort, watch: Watch, world: HistoryWorld): Watched {
  const { backend } = world
  const { kill, host, locked } = watch.step
  const { tick, dateless } = watch.history
  // The platform answers one request after the other, so that a history is the same wherever it is played.
  const oneByOne = pLimit(1)
  let left = kill?.count ?? 0
  let dead = false
  let requests = 0
  const deed = (): Deed => watch

  const requireAlive = () => {
    if (dead) throw new Killed()
  }
  const request = async <T>(work: () => Promise<T>, writes = false): Promise<T> => {
    requireAlive()
    requests += 1
    await watch.beforeRequest(requests)
    return await oneByOne(async () => {
      requireAlive()
      backend.now += tick
      const answer = await work()
      if (writes) await judgeInstant(world)
      return answer
    })
  }
  const noted = ({ key, secret }: Issued): Issued => {
    if (secret !== null) world.issued.set(secret.reveal(), key.id)
    return { key, secret }
  }

  const platform: PlatformPort = {
    list: () =>
      request(async () => {
        const listing = await client.list()
        watch.seen = listing.keys
        watch.planned ??= listing.keys
        if (dateless === null) return listing
        return { ...listing, now: backend.now + (dateless[machineOf(host)] ?? 0) * minute, clock: 'local' }
      }),
    get: id => request(() => client.get(id)),
    whoami: () => request(() => client.whoami()),
    whoamiAs: (secret, key, when) => request(() => client.whoamiAs(secret, key, when)),
    projects: () => request(() => client.projects()),
    create: (key, idempotencyKey, renew) =>
      request(async () => {
        let asked = key
        const answer = await client.create(
          key,
          idempotencyKey,
          renew === undefined
            ? undefined
            : () => {
                const again = renew()
                asked = again.key
                return again
              },
        )
        const isReplayed = [...world.issued.values()].includes(answer.key.id)
        const issued = noted(answer)
        // Whoever made it gets the refusal once more, which nobody else does.
        if (isReplayed) watch.stored = new Set([...watch.stored, issued.key.id])
        else {
          watch.born.add(issued.key.id)
          world.made += 1
          watch.writes.push({ kind: 'create', id: issued.key.id, asked })
        }
        if (key.marker !== null) watch.rotated.push(key.marker.keyId)
        return issued
      }, true),
    regenerate: (id, how) =>
      request(async () => {
        const before = await backend.inspect()
        const issued = await client.regenerate(id, how)
        judgeRegenerating(id, before, deed(), world)
        watch.writes.push({ kind: 'regenerate', id })
        const { ownership } = issued.key
        if (ownership.kind === 'managed') watch.rotated.push(ownership.marker.keyId)
        if (issued.secret !== null && !world.issued.has(issued.secret.reveal())) dies(world, id, 'in place')
        return noted(issued)
      }, true),
    update: (id, patch, how) =>
      request(async () => {
        const before = await backend.inspect()
        const live = await client.update(id, patch, how)
        judgeUpdating(id, patch, before, [...(watch.planned ?? []), ...watch.seen], deed(), world)
        const former = before.find(each => each.id === id)
        if (former !== undefined) watch.writes.push({ kind: 'update', id, patch, before: former })
        return live
      }, true),
    revoke: (id, how) =>
      request(async () => {
        const before = await backend.inspect()
        await client.revoke(id, how)
        judgeRevoking(id, [before, watch.seen], deed(), world)
        if (before.some(live => live.id === id)) watch.writes.push({ kind: 'revoke', id })
        watch.died.add(id)
        dies(world, id, deathOf(before.find(live => live.id === id)))
      }, true),
    actAs: (secret, key) => client.actAs(secret, key),
  }

  const storeOf = (spec: StoreSpec): ApplyStore => {
    const place = placeOf(spec, siteOf(host))
    return {
      readable: kindOf(spec) !== 'sealed',
      put: async secret => {
        requireAlive()
        if (locked?.by === 'put' && locked.store === kindOf(spec))
          throw new Failure('failed', `${place} is locked`)
        const former = world.places.get(place)
        const fresh = secret.reveal()
        if (former !== undefined && former !== fresh) await replaced(former, place)
        world.places.set(place, fresh)
        world.emptied.delete(place)
        world.restored.delete(place)
        await judgeInstant(world)
        return place
      },
      get: async () => {
        requireAlive()
        const held = world.places.get(place)
        return held === undefined ? null : secretOf(held)
      },
      remove: async () => {
        requireAlive()
        if (locked?.by === 'put' && locked.store === kindOf(spec))
          throw new Failure('failed', `${place} is locked`)
        const label = storeLabel(spec)
        const declared = watch.desired.keys.some(({ stores }) =>
          stores.some(each => storeLabel(each.spec) === label),
        )
        if (declared) breaks(world, `${place} is declared, and emptied`)
        world.places.delete(place)
        world.emptied.add(place)
        await judgeInstant(world)
      },
    }
  }
  const deathOf = (live: LiveKey | undefined): Death => {
    if (live?.ownership.kind !== 'managed') return 'pruned'
    const isPending = live.ownership.marker.state.kind === 'pending'
    return isPending && isAbandoned(live, watch, world) ? 'abandoned' : 'revoked'
  }
  /** Where consumers had it from there, they have their grace from now on. */
  const replaced = async (secret: string, place: string) => {
    const { desired } = watch
    const live = await backend.inspect()
    // What is dead already gives nobody a grace.
    const holder = holderOf(world, secret, live)
    if (holder === null) return
    const marked = markedBy(desired, live)
    for (const key of desired.keys) {
      const top = topOf(familyOf(key, marked))
      // An older one lies in a place that another checkout left: its users had their grace then.
      if (top?.live.id !== holder.id || !deliveredPlaces(key, top).includes(place)) continue
      world.replaced.set(secret, { at: backend.now, grace: key.rotation.grace })
    }
  }
  return {
    platform,
    stores: {
      open: storeOf,
      probe: async specs =>
        new Map(
          specs.map(spec => {
            const isLocked = locked?.by === 'probe' && locked.store === kindOf(spec)
            return [spec, isLocked ? new Failure('failed', `${storeLabel(spec)} is locked`) : null]
          }),
        ),
    },
    hook: name => {
      if (name === kill?.at) left -= 1
      if (kill !== null && left === 0) dead = true
      requireAlive()
    },
    wasKilled: () => dead,
  }
}

/** Both checkouts of the first machine have its clock. */
export const machineOf = (site: number): number => (site === 1 ? 1 : 0)

/** The key ids of which a store is one machine's. */
export function localKeysOf({ desired }: Pick<Deed, 'desired'>): ReadonlySet<string> {
  return new Set(
    desired.keys.filter(({ stores }) => stores.some(({ spec }) => isLocal(spec))).map(({ keyId }) => keyId),
  )
}
