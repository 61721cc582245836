import { fc } from './properties.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { beforeDelivery, ofProof } from '../../src/lifecycle/last-use.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import { shortHash } from '../../src/model/hash.ts'
import type { LiveKey, Ownership } from '../../src/model/live-key.ts'
import type { MarkerState } from '../../src/model/marker.ts'
import { type Targets, everyKey } from '../../src/model/targets.ts'
import type { FormerStore } from '../../src/model/removal.ts'
import type { CurrentState, PlanOptions } from '../../src/plan/input.ts'
import {
  callerWith,
  currentState,
  days,
  desiredKey,
  desiredState,
  envFile,
  everything,
  keychain,
  liveKey,
  managedKey,
  marker,
  neverUsed,
  nothing,
  now,
  options,
  otherHost,
  retiringFor,
  sealed,
  stack,
  thisHost,
  unknownUse,
  usedAt,
} from './build.ts'

/** Everything that a plan is made from, at `now`. */
export interface World {
  readonly desired: DesiredState
  readonly current: CurrentState
  readonly options: PlanOptions
}

const keyIds = ['a', 'b', 'c', 'd'] as const
const one = fc.constantFrom
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true })

function anyDesired(keyId: string): fc.Arbitrary<DesiredKey> {
  return record({
    name: one('CI', 'Release'),
    description: one('', 'Nightly'),
    environment: one<DesiredKey['environment']>(null, 'ci', 'prod'),
    scope: one<DesiredKey['scope']>('all', ['x'], ['y'], ['x', 'y']),
    permissions: one<DesiredKey['permissions']>(['*'], ['read_results'], ['read_results', 'upload_results']),
    expires: one<DesiredKey['expires']>(
      days(30),
      days(90),
      { kind: 'never' },
      { kind: 'until', at: now - day },
      { kind: 'until', at: now + 5 * day },
      { kind: 'until', at: now + 200 * day },
    ),
    rotation: record({
      strategy: one<DesiredKey['rotation']['strategy']>('overlap', 'in-place'),
      maxAge: one(null, 20 * day, 60 * day),
      grace: one(hour, 2 * day),
      quiet: one(hour, day),
      renewBefore: one(3 * day, 9 * day),
    }),
    stores: one([keychain], [keychain, envFile], [sealed], [sealed, envFile]),
    keepRemoved: fc.boolean(),
    protect: fc.boolean(),
    adopt: fc.oneof(
      { weight: 4, arbitrary: one(null) },
      one<string | null>('key_stranger_0', 'key_stranger_1', 'Mine', 'key_3', 'key_none'),
    ),
    previously: keyId === 'a' ? one(null, 'c', 'd') : one(null),
  }).map(key => desiredKey({ keyId, ...key }))
}

const anyState: fc.Arbitrary<MarkerState | undefined> = fc.oneof(
  { weight: 4, arbitrary: one(undefined) },
  { weight: 3, arbitrary: one<MarkerState>({ kind: 'pending' }) },
  one<MarkerState>(
    { kind: 'external' },
    { kind: 'leaked' },
    { kind: 'released', at: now - day },
    { kind: 'delivered', visibleEnd: 'stale', at: now - 30 * day },
    { kind: 'delivered', visibleEnd: 'stale', at: now - hour },
    retiringFor('key_0', hour),
    retiringFor('key_0', 20 * day),
    retiringFor('key_1', 20 * day, null),
    retiringFor('key_stranger_0', 20 * day),
    retiringFor('key_gone', minute),
    retiringFor('key_gone', 20 * day),
  ),
)

const anyLastUse = one<LiveKey['lastUse']>(
  neverUsed,
  unknownUse,
  usedAt(now - minute),
  usedAt(now - 3 * day),
  usedAt(now - minute, 'fluxloop-keys/0.1.0'),
  usedAt(now - minute, `fluxloop-keys/0.1.0${beforeDelivery}`),
  usedAt(now - 100 * day, 'fluxloop-keys/0.1.0'),
  usedAt(now - minute, `fluxloop-keys/0.1.0${ofProof}`),
)

/** A key that was once as some declaration says, then left to time, other hosts and people in the web page. */
function anyManaged(id: string): fc.Arbitrary<LiveKey> {
  return fc
    .record({
      former: one(...keyIds).chain(anyDesired),
      generation: fc.integer({ min: 1, max: 4 }),
      state: anyState,
      host: one(null, thisHost, otherHost),
      stack: fc.oneof({ weight: 9, arbitrary: one(stack) }, one('another-team')),
      age: one(minute, hour, 5 * day, 25 * day, 70 * day, 100 * day),
      regenerated: fc.oneof({ weight: 5, arbitrary: one(null) }, one(minute, day)),
      lastUse: anyLastUse,
      status: fc.oneof({ weight: 9, arbitrary: one('active' as const) }, one('expired', 'revoked')),
      drift: fc.oneof(
        { weight: 3, arbitrary: one<Partial<LiveKey>>({}) },
        one<Partial<LiveKey>>(
          { scope: 'all' },
          { permissions: ['*'] },
          { name: 'Edited' },
          { environment: 'dev' },
          { expiresAt: null },
        ),
        one(now - hour, now + hour, now + 50 * day).map(expiresAt => ({ expiresAt })),
      ),
    })
    .map(({ former, generation, state, age, regenerated, host, stack, lastUse, status, drift }) =>
      managedKey(former, {
        generation,
        ...(state === undefined ? {} : { state }),
        marked: { host, stack, nonce: `n${shortHash(id, 8)}n` },
        live: {
          id,
          createdAt: now - age,
          regeneratedAt: regenerated === null ? null : now - Math.min(age, regenerated),
          lastUse,
          status,
          ...drift,
        },
      }),
    )
}

function anyUnmanagedKey(id: string): fc.Arbitrary<LiveKey> {
  const ownership = one<Ownership>(
    { kind: 'unmanaged' },
    { kind: 'unreadable', text: '[fk2 ...]' },
    { kind: 'copied', marker: marker({}, desiredKey({ keyId: 'a' })) },
  )
  return fc
    .tuple(ownership, one('Mine', 'Yours', 'CI'), anyLastUse)
    .map(([ownership, name, lastUse]) => liveKey({ id, name, ownership, lastUse }))
}

/** For each key, what was found of stores that its declaration may have lost. */
const anyFormerStores: fc.Arbitrary<PlanOptions['formerStores']> = fc
  .tuple(
    ...keyIds.map(keyId =>
      fc
        .subarray([keychain, envFile, sealed])
        .chain(stores =>
          fc.tuple(
            ...stores.map(store =>
              record<FormerStore>({
                spec: one(store.spec),
                hash: one(store.hash),
                free: one(store.spec, null),
                local: fc.boolean(),
              }),
            ),
          ),
        )
        .map(stores => [keyId, stores] as const),
    ),
  )
  .map(found => new Map<string, readonly FormerStore[]>(found))

/** A configuration and a platform that have drifted apart in every way the model knows. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({
    declared: fc.subarray(['a', 'b', 'c']).chain(ids => fc.tuple(...ids.map(anyDesired))),
    managed: fc.integer({ min: 0, max: 7 }).chain(count => {
      return fc.tuple(...Array.from({ length: count }, (_, index) => anyManaged(`key_${index}`)))
    }),
    unmanaged: fc.integer({ min: 0, max: 2 }).chain(count => {
      return fc.tuple(
        ...Array.from({ length: count }, (_, index) => anyUnmanagedKey(`key_stranger_${index}`)),
      )
    }),
    prune: record({
      removed: one<DesiredState['prune']['removed']>('revoke', 'retain'),
      releaseStack: one(false),
      unmanaged: one<DesiredState['prune']['unmanaged']>('report', 'ignore', 'revoke'),
      unused: one<DesiredState['prune']['unused']>(
        null,
        { after: 5 * day, action: 'report' },
        { after: 5 * day, action: 'revoke' },
      ),
      keep: one<readonly string[]>([], ['key_stranger_0'], ['M*']),
      quiet: one(hour, day),
    }),
    formerly: fc.oneof({ weight: 2, arbitrary: one<readonly string[]>([]) }, one(['another-team'])),
    always: fc.oneof({ weight: 4, arbitrary: one(100) }, one(0, 2)),
    caller: fc.oneof(
      { weight: 2, arbitrary: one(null) },
      one('key_caller', 'key_0', 'key_1', 'key_stranger_0'),
    ),
    local: fc.subarray([...keyIds]),
    formerStores: anyFormerStores,
    takeOver: fc.boolean(),
    held: one<PlanOptions['held']>(
      new Map(),
      new Map([['a', new Set(['key_0', 'key_stranger_0'])]]),
      new Map([['b', new Set(['key_1'])]]),
    ),
    signed: one<PlanOptions['signed']>(nothing, nothing, new Set(['key_2']), everything),
    revokeInUse: fc.oneof({ weight: 5, arbitrary: one([]) }, one(['a'], ['key_2'])),
    complete: fc.oneof({ weight: 9, arbitrary: one(true) }, one(false)),
    targets: fc.oneof(
      { weight: 4, arbitrary: one<Targets>(everyKey) },
      record<Targets>({
        only: one<readonly string[]>([], ['a'], ['?', 'd']),
        except: one<readonly string[]>([], ['b'], ['*']),
      }),
    ),
    widening: fc.oneof(
      { weight: 4, arbitrary: one<PlanOptions['widening']>('as-declared') },
      one<PlanOptions['widening']>('forbid', 'allow'),
    ),
  })
  .map(({ declared, managed, unmanaged, formerly, always, prune, caller, local, complete, ...chosen }) => ({
    desired: desiredState(declared, { formerly, prune, limits: { revoke: 0.25, rotate: 0.25, always } }),
    current: currentState([...managed, ...unmanaged], {
      complete,
      ...(caller === null ? {} : { caller: callerWith({ id: caller }) }),
    }),
    options: options({ localKeys: new Set(local), ...chosen }),
  }))
