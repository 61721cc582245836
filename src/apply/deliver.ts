import type { FieldChange } from '../model/field-change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { transition } from '../lifecycle/transitions.ts'
import { samePermissions } from '../model/permission.ts'
import { sameScope } from '../model/scope.ts'
import type { Secret } from '../model/secret.ts'
import type { Removal } from '../model/removal.ts'
import { storeLabel } from '../model/store.ts'
import type { Undelivered } from './issue.ts'
import type { Done } from './ledger.ts'
import { graceFrom, timeOf } from './markers.ts'
import type { ApplyStore, Run } from './run.ts'
import { takeOut } from './take-out.ts'
import { patchMarked, patchOf } from './update.ts'
import { withdraw } from './withdraw.ts'

export interface OpenStore {
  readonly hash: string
  readonly label: string
  readonly store: ApplyStore
}

/** The stores of a key, those that can be read back first. */
export function storesOf(
  desired: Pick<DesiredKey, 'stores'>,
  run: Pick<Run, 'stores'>,
): readonly OpenStore[] {
  const opened = desired.stores.map(({ spec, hash }) => {
    return { hash, label: storeLabel(spec), store: run.stores.open(spec) }
  })
  return [...opened.filter(({ store }) => store.readable), ...opened.filter(({ store }) => !store.readable)]
}

/** Each key has a budget of its own: that of this secret says nothing about the caller's, and ends no run. */
function ofItsOwn(cause: Failure): Failure {
  const hint = 'The budget of the key that was asked about is used up, not that of the calling key.'
  return new Failure('network', cause.message, { hints: [hint, ...cause.hints], cause })
}

/**
 * The key that a secret authenticates as, as the platform has it; null where it is none, or where the secret does not end like the
 * key that it should be, and so was not sent.
 */
export async function keyOf(secret: Secret, live: LiveKey, run: Run): Promise<LiveKey | null> {
  try {
    return (await run.platform.whoamiAs(secret, live))?.liveKey ?? null
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    // It is this secret that is refused, not who is calling.
    if (cause.code === 'authentication') return null
    if (cause.code === 'rate-limited') throw ofItsOwn(cause)
    throw cause
  }
}

/** Does the platform accept this secret as this key? */
export async function isAccepted(secret: Secret, live: LiveKey, run: Run): Promise<boolean> {
  return (await keyOf(secret, live, run))?.id === live.id
}

/** The platform refuses a secret that it has just given. */
export function notAccepted({ id }: LiveKey): Failure {
  return new Failure('failed', `The platform does not accept the new secret of ${id} as that key.`)
}

/** Fails where the platform does not accept a secret as the key that it was made for. */
async function requireWorking(secret: Secret, live: LiveKey, run: Run): Promise<void> {
  const key = await keyOf(secret, live, run)
  const works =
    key?.id === live.id &&
    sameScope(key.scope, live.scope) &&
    samePermissions(key.permissions, live.permissions)
  if (!works) throw notAccepted(live)
}

/** Puts a secret into one store and reads it back where that can be done. Resolves to where it is, in words. */
export async function putInto({ label, store }: OpenStore, secret: Secret): Promise<string> {
  const place = await store.put(secret)
  if (store.readable) {
    const back = await store.get()
    if (back?.equals(secret) !== true) {
      throw new Failure('failed', `What ${label} gives back is not the secret that was put there.`, {
        hints: [
          'Something else writes to that place, or changes what is written. Look at it before the next apply.',
        ],
      })
    }
  }
  return place
}

export interface Puts {
  /** Where the secret is now. */
  readonly places: readonly string[]
  /** Why it is not in the others. */
  readonly faults: readonly unknown[]
}

/**
 * Puts a secret into every store but those that are known to hold it, whichever of them fail: one that is out of order must
 * not keep the users of the others from a secret that works.
 */
export async function putIntoEach(
  secret: Secret,
  stores: readonly OpenStore[],
  holding: ReadonlySet<ApplyStore>,
): Promise<Puts> {
  const places: string[] = []
  const faults: unknown[] = []
  for (const open of stores) {
    if (holding.has(open.store)) places.push(open.label)
    else
      await putInto(open, secret).then(
        place => places.push(place),
        (fault: unknown) => faults.push(fault),
      )
  }
  return { places, faults }
}

/** The places, where every store has the secret; else throws what failed: the first fault, which names the others. */
export function requireAll({ places, faults }: Puts): readonly string[] {
  const [first, ...others] = faults
  if (first === undefined) return places
  if (!(first instanceof Failure)) throw first instanceof Error ? first : new Error('a defect')
  const { code, message, hints } = first
  const more = others.map(other => `So did another: ${other instanceof Failure ? other.message : 'a defect'}`)
  throw new Failure(code, message, { hints: [...hints, ...more], cause: first })
}

/**
 * Writes into the marker that the secret is in all its stores, after taking it out of those that the declaration lost, and
 * brings other fields up to date in the same request.
 */
export async function markDelivered(
  key: { readonly live: LiveKey; readonly marker: Marker },
  desired: DesiredKey,
  { fields, generation = key.marker.generation, graceUntil, removal }: Delivered,
  run: Run,
): Promise<Pick<Done, 'removed'>> {
  const { removed, left, trouble } = await takeOut(removal, run)
  const { host, localKeys } = run.options
  // What is left may be left on another machine: whose it is must not be forgotten.
  const elsewhere = left.length > 0 ? removal.host : null
  const marker = transition(key.marker, {
    kind: 'delivered',
    desired,
    live: key.live,
    generation,
    at: timeOf(key.live, run),
    graceUntil,
    host: localKeys.has(desired.keyId) ? host : elsewhere,
    formerStores: left,
  })
  await patchMarked(key.live, patchOf(fields), desired.description, marker, run)
  if (trouble !== null) throw trouble
  return { removed }
}

/** What goes with the word that a key is delivered. */
interface Delivered {
  readonly fields: readonly FieldChange[]
  /** Where it is no longer that of the marker. */
  readonly generation?: number
  readonly graceUntil: Instant
  readonly removal: Removal
}

/** May a store that failed hold this secret all the same? True where one cannot tell. */
async function mayHold(secret: Secret, { store }: OpenStore): Promise<boolean> {
  if (!store.readable) return true
  const held = await store.get().catch(() => secret)
  return held?.equals(secret) === true
}

/** Proves a new secret and puts it into the first store. A key that nobody received is revoked again before this rejects. */
async function beginDelivery({ secret, live }: Undelivered, first: OpenStore, run: Run): Promise<Puts> {
  try {
    await requireWorking(secret, live, run)
  } catch (cause) {
    throw await withdraw(live, cause, run)
  }
  const begun = await putIntoEach(secret, [first], new Set())
  const [fault] = begun.faults
  if (fault !== undefined && !(await mayHold(secret, first))) throw await withdraw(live, fault, run)
  return begun
}

/**
 * Delivers a new key: proves its secret, puts it into every store, and says so in the marker. Where it failed before any
 * store took the secret, nobody received the key, so it is revoked again; else the other stores get it all the same, it
 * stays `pending`, and the next apply goes on from a store that has it.
 */
export async function deliver(
  key: Undelivered,
  desired: DesiredKey,
  removal: Removal,
  run: Run,
): Promise<Pick<Done, 'places' | 'removed'>> {
  const [first, ...others] = storesOf(desired, run)
  if (first === undefined) throw new TypeError('unreachable: every key has a store')
  const begun = await beginDelivery(key, first, run)
  const rest = await putIntoEach(key.secret, others, new Set())
  const places = requireAll({
    places: [...begun.places, ...rest.places],
    faults: [...begun.faults, ...rest.faults],
  })
  const graceUntil = graceFrom(key.live, desired, run)
  return { places, ...(await markDelivered(key, desired, { fields: [], graceUntil, removal }, run)) }
}
