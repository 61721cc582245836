import { emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import { type Instant, day, hour, minute } from '../../src/model/duration.ts'
import { boundTo, hashId } from '../../src/lifecycle/binding.ts'
import { shortHash } from '../../src/model/hash.ts'
import { noDoubts } from '../../src/model/listing-doubts.ts'
import { endOfLife } from '../../src/model/lifetime.ts'
import { type LastUse, type LiveKey, visibleEnd } from '../../src/model/live-key.ts'
import type { Marker, MarkerState } from '../../src/model/marker.ts'
import type { DeclaredStore } from '../../src/model/store.ts'
import { everyKey } from '../../src/model/targets.ts'
import { fieldHashes } from '../../src/lifecycle/field-hashes.ts'
import type { CurrentState, PlanOptions } from '../../src/plan/input.ts'

/** The moment at which everything built here is looked at. */
export const now: Instant = Date.UTC(2026, 10, 22, 12)

export const stack = 'acme-agents'
/** Ten characters of base 36, as every marker has them. */
export const nonce = 'k3x9v0q2ma'
export const thisHost = '1f0c22ab'
export const otherHost = '99999999'

export const keychain: DeclaredStore = {
  spec: { kind: 'keychain', service: 'fluxloop', account: 'acme-agents/ci-pipeline', fallback: null },
  hash: 'aaaa00',
}
export const envFile: DeclaredStore = {
  spec: { kind: 'env-file', path: '/srv/agents/.env', name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' },
  hash: 'bbbb00',
}
/** Can be written but not read back. */
export const sealed: DeclaredStore = {
  spec: {
    kind: 'age-file',
    declaredIn: '/srv',
    path: '/srv/agents/key.age',
    recipients: ['age1example'],
    identity: null,
    shared: false,
  },
  hash: 'cccc00',
}

export const days = (count: number) => ({ kind: 'period', length: count * day }) as const

export function desiredKey({
  rotation,
  ...overrides
}: Partial<Omit<DesiredKey, 'rotation'>> & {
  readonly rotation?: Partial<DesiredKey['rotation']>
} = {}): DesiredKey {
  return {
    keyId: 'ci-pipeline',
    name: 'CI/CD Pipeline',
    description: 'Nightly simulations',
    owner: null,
    environment: 'ci',
    scope: ['customer-support-bot', 'sales-assistant'],
    permissions: ['read_scenarios', 'upload_results'],
    grants: [],
    expires: days(90),
    stores: [keychain],
    keepRemoved: false,
    protect: false,
    previously: null,
    adopt: null,
    exceptions: [],
    consumers: [],
    position: { file: 'fluxloop-keys.yaml', line: 1, column: 1 },
    ...overrides,
    rotation: {
      strategy: 'overlap',
      maxAge: 60 * day,
      grace: 2 * day,
      quiet: day,
      renewBefore: 9 * day,
      ...rotation,
    },
  }
}

/** What `prune` is where nobody says anything. */
export const pruneRules: DesiredState['prune'] = {
  removed: 'revoke',
  releaseStack: false,
  unmanaged: 'report',
  unused: null,
  keep: [],
  quiet: day,
}

export function desiredState(
  keys: readonly DesiredKey[] = [desiredKey()],
  overrides: Partial<DesiredState> = {},
): DesiredState {
  return {
    stack,
    formerly: [],
    keys,
    prune: pruneRules,
    limits: { revoke: 0.25, rotate: 0.25, always: 2 },
    marker: null,
    policy: { forbid: [], breakGlass: [], audit: emptyAuditPolicy },
    ...overrides,
  }
}

export const neverUsed: LastUse = { known: true, at: null, ip: null, location: null, userAgent: null }
export const unknownUse: LastUse = { known: false }

export function usedAt(at: Instant, userAgent: string | null = 'agents/2.1'): LastUse {
  return { known: true, at, ip: '203.0.113.7', location: null, userAgent }
}

/** The marker that apply leaves on a delivered first generation of `desired`. */
export function marker(overrides: Partial<Marker> = {}, desired: DesiredKey = desiredKey()): Marker {
  return {
    stack,
    keyId: desired.keyId,
    generation: 1,
    nonce,
    binding: { kind: 'moment', at: now - 10 * day },
    state: { kind: 'delivered', visibleEnd: 'no34z', at: now - 10 * day },
    host: null,
    fields: fieldHashes(desired),
    stores: desired.stores.map(({ hash }) => hash),
    formerStores: [],
    protected: desired.protect,
    grant: null,
    signature: null,
    ...overrides,
  }
}

/** An unmanaged key. */
export function liveKey(overrides: Partial<LiveKey> = {}): LiveKey {
  return {
    id: 'key_stranger',
    name: 'My Development Key',
    description: '',
    ownership: { kind: 'unmanaged' },
    maskedKey: 'flux_dev_****...mno34',
    environment: 'dev',
    scope: 'all',
    permissions: ['read_scenarios'],
    createdAt: now - 10 * day,
    regeneratedAt: null,
    expiresAt: now + 80 * day,
    lastUse: neverUsed,
    status: 'active',
    version: '1',
    ...overrides,
  }
}

/**
 * A live key just as apply left it for `desired`, delivered ten days ago: a plan finds nothing to do. Its id is
 * `key_<key id>_<generation>`. `state` takes the place of `delivered`, `marked` and `live` go over everything.
 */
export function managedKey(
  desired: DesiredKey = desiredKey(),
  {
    generation = 1,
    state,
    marked = {},
    live = {},
  }: {
    readonly generation?: number
    readonly state?: MarkerState
    readonly marked?: Partial<Marker>
    readonly live?: Partial<LiveKey>
  } = {},
): LiveKey {
  const id = live.id ?? `key_${desired.keyId}_${generation}`
  const maskedKey = live.maskedKey ?? `flux_ci_****...${shortHash(id, 5)}`
  const madeAt = live.regeneratedAt ?? live.createdAt ?? now - 10 * day
  // An hour after it was made, and never at the very moment that is looked at: twins would tie there.
  const deliveredAt = Math.min(madeAt + hour, now - minute)
  const delivered: MarkerState = {
    kind: 'delivered',
    visibleEnd: visibleEnd(maskedKey),
    at: deliveredAt,
  }
  return liveKey({
    id,
    maskedKey,
    name: desired.name,
    description: desired.description,
    environment: desired.environment ?? 'dev',
    scope: desired.scope,
    permissions: desired.permissions,
    createdAt: madeAt,
    expiresAt: endOfLife(desired.expires, madeAt),
    ownership: {
      kind: 'managed',
      marker: marker({ generation, binding: boundTo(id), state: state ?? delivered, ...marked }, desired),
    },
    ...live,
  })
}

/** The platform as an administrator's user token sees it. */
export function currentState(
  keys: readonly LiveKey[] = [],
  overrides: Partial<CurrentState> = {},
): CurrentState {
  return {
    keys,
    caller: { account: 'acme', key: null },
    complete: true,
    doubts: noDoubts,
    projects: null,
    ...overrides,
  }
}

/** A caller that authenticates with a key: all rights, unless said otherwise. */
export function callerWith(
  overrides: Partial<NonNullable<CurrentState['caller']['key']>> = {},
): CurrentState['caller'] {
  const key = { id: 'key_caller', name: 'Administrator', scope: 'all', permissions: ['*'] } as const
  return { account: 'acme', key: { ...key, ...overrides } }
}

/** Every key is proven to be ours, where a test is about something else. */
export const everything: ReadonlySet<string> = Object.defineProperties(new Set<string>(), {
  has: { value: () => true },
  size: { value: Infinity },
})
export const nothing: ReadonlySet<string> = new Set()

/** What a predecessor says, which `successor` replaced `ago`: its grace was two days. */
export function retiringFor(
  successor: string,
  ago: number,
  delivered: Instant | null = now - 9 * day,
): MarkerState {
  const at = now - ago
  return { kind: 'retiring', successor: hashId(successor), at, graceUntil: at + 2 * day, delivered }
}

export function options(overrides: Partial<PlanOptions> = {}): PlanOptions {
  return {
    platform: 'https://api.fluxloop.ai',
    host: thisHost,
    places: new Map(),
    held: new Map(),
    heldHere: new Map(),
    locked: true,
    signed: everything,
    signedNow: everything,
    sign: false,
    localKeys: new Set(),
    formerStores: new Map(),
    keychain: null,
    takeOver: false,
    maxRevoke: null,
    maxRotate: null,
    rotate: new Map(),
    revokeInUse: [],
    breakGlass: null,
    targets: everyKey,
    widening: 'as-declared',
    ...overrides,
  }
}
