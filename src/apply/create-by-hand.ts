import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { PlatformFailure, type UnplacedSecret, unplacedSecret } from '../platform/platform-failure.ts'
import type { NewKey } from '../platform/types.ts'
import { putNew } from './deliver.ts'
import { type Maker, type NewSecret, type Purpose, makeKey } from './make-key.ts'
import { type OpenStore, type Puts, holds, putIntoEach } from './put.ts'

export interface Made extends NewSecret {
  /** Where the secret is now, as each store says it; empty where it goes to nobody but the screen. */
  readonly places: readonly string[]
}

function perhapsMade(name: string): string {
  return `A key "${name}" may have been made anyway, whose secret nobody has: look for it with fluxloop-keys apikeys list, and delete it.`
}

/** No answer came to a request that may have been carried out. */
function maybeMade({ name }: NewKey, cause: PlatformFailure): Failure {
  return new Failure(cause.code, cause.message, { hints: [perhapsMade(name), ...cause.hints], cause })
}

/** The answer is about another key, which may be anybody's: one made by hand bears no marker. */
function otherKey({ id, name, ownership }: LiveKey, asked: NewKey): Failure {
  const what =
    ownership.kind === 'managed' || ownership.kind === 'copied'
      ? `belongs to the stack ${ownership.marker.stack}`
      : `is called "${name}"`
  return new Failure('failed', `The platform says it made ${id}, but that key ${what}.`, {
    hints: [
      `${id} was left as it is. Does a proxy give the answer to another request?`,
      perhapsMade(asked.name),
    ],
  })
}

/** Where a secret is, and what stopped it, if anything did: whatever that is, it must not lose the secret. */
export async function putsByHand(
  { places, faults }: Puts,
  secret: Secret,
): Promise<{ readonly places: readonly string[]; readonly fault: Failure | null }> {
  const has = await Promise.all(faults.map(({ open }) => holds(open, secret, false)))
  const late = faults.filter((_fault, index) => has[index] === true).map(({ open }) => open.label)
  const [first] = faults
  return {
    places: [...places, ...late],
    fault: first === undefined ? null : faultOf(first.cause, first.open.label),
  }
}

/** The message of a defect may quote what it failed on, so only its kind is told. */
function faultOf(cause: unknown, label: string): Failure {
  if (cause instanceof Failure) return cause
  const kind = cause instanceof Error ? cause.name : typeof cause
  return new Failure('failed', `An unexpected ${kind} while writing ${label}`)
}

/** Puts a secret whose key is not known where it was meant to go. Resolves to the failure to report. */
async function keepUnplaced(unplaced: UnplacedSecret, stores: readonly OpenStore[]): Promise<Failure> {
  const { places } = await putsByHand(await putIntoEach(unplaced.secret, stores), unplaced.secret)
  const { code, message, hints } = unplaced
  if (places.length === 0) return unplaced
  const where = `Its secret is in ${places.join(', ')}. Find the key in the web platform by the end of its secret.`
  return new Failure(code, message, { hints: [where, ...hints] })
}

/**
 * Makes a key that no configuration declares, and puts its secret into `stores`. A key that is not as asked for, or that no
 * store took, is revoked again before this rejects, so that no key is left whose secret nobody has.
 */
export async function createByHand(
  asked: NewKey,
  idempotencyKey: string,
  stores: readonly OpenStore[],
  { platform }: Pick<Maker, 'platform'>,
): Promise<Made> {
  const purpose: Purpose = { made: ({ id }) => id, other: live => otherKey(live, asked) }
  const ports = { platform, known: new Set<string>() }
  const { made } = await makeKey(() => ({ key: asked, idempotencyKey }), purpose, ports)
    .catch((cause: unknown) => {
      throw cause instanceof PlatformFailure && cause.ambiguous ? maybeMade(asked, cause) : cause
    })
    .catch(async (cause: unknown) => {
      const unplaced = unplacedSecret(cause)
      throw unplaced === null || stores.length === 0 ? cause : await keepUnplaced(unplaced, stores)
    })
  const puts = await putNew(made, stores, ports).catch((cause: unknown) => {
    throw faultOf(cause, stores[0]?.label ?? '')
  })
  const { places, fault } = await putsByHand(puts, made.secret)
  if (fault === null) return { ...made, places }
  const { id } = made.live
  throw new Failure('partial', `${id} was created, but not every store took its secret: ${fault.message}`, {
    hints: [
      `Its secret is in ${places.join(', ')}, and the key works.`,
      `Copy it on from there, or end it: fluxloop-keys apikeys delete ${id}`,
      ...fault.hints,
    ],
    cause: fault,
  })
}
