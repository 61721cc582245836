import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { PlatformFailure } from '../platform/platform-failure.ts'
import type { Issued, NewKey } from '../platform/types.ts'
import { unlikeIssued } from './answers.ts'
import { type OpenStore, putInto } from './deliver.ts'
import type { Run } from './run.ts'

/** What making one key by hand needs from outside. */
export interface HandPorts {
  readonly platform: Pick<Run['platform'], 'create' | 'revoke'>
}

export interface Made {
  readonly live: LiveKey
  readonly secret: Secret
  /** Where the secret is now, as each store says it; empty where it goes to nobody but the screen. */
  readonly places: readonly string[]
}

/** Takes back a key that nobody received, because of `fault`. Resolves to the failure to report. */
export async function takeBack({ id }: LiveKey, fault: Failure, ports: HandPorts): Promise<Failure> {
  const revoked = await ports.platform.revoke(id).then(
    () => true,
    () => false,
  )
  const what = revoked
    ? `The new key ${id}, which nobody received, was revoked again.`
    : `The new key ${id}, which nobody received, could not be revoked again. Run: fluxloop-keys apikeys delete ${id}`
  return new Failure(fault.code, fault.message, { hints: [what, ...fault.hints], cause: fault })
}

function perhapsMade(name: string): string {
  return `A key "${name}" may have been made all the same, whose secret nobody has: look for it with fluxloop-keys apikeys list, and delete it.`
}

/** No answer came to a request that may have been carried out. */
function maybeMade({ name }: NewKey, cause: PlatformFailure): Failure {
  return new Failure(cause.code, cause.message, { hints: [perhapsMade(name), ...cause.hints], cause })
}

function faultOf(issued: Issued, asked: NewKey): Failure | null {
  const what = unlikeIssued(issued, asked)
  return what === null ? null : new Failure('failed', `The platform made ${issued.key.id}, but ${what}.`)
}

/** Is the answer about another key, which may be anybody's? One made by hand bears no marker. */
function isOther({ name, ownership }: LiveKey, asked: NewKey): boolean {
  return name !== asked.name || ownership.kind === 'managed'
}

function otherKey({ id, name, ownership }: LiveKey, asked: NewKey): Failure {
  const what =
    ownership.kind === 'managed' ? `belongs to the stack ${ownership.marker.stack}` : `is called "${name}"`
  return new Failure('failed', `The platform says it made ${id}, but that key ${what}.`, {
    hints: [
      `${id} was left as it is. Does a proxy give the answer to another request?`,
      perhapsMade(asked.name),
    ],
  })
}

/** Does this store give the secret back, although the put failed? */
async function holds({ store }: OpenStore, secret: Secret): Promise<boolean> {
  if (!store.readable) return false
  const held = await store.get().catch(() => null)
  return held?.equals(secret) === true
}

/**
 * Puts a secret into stores, one by one. Resolves to where it is, and to what stopped it, if anything did: the stores after
 * that one are left alone.
 */
export async function putOneByOne(
  secret: Secret,
  stores: readonly OpenStore[],
): Promise<{ readonly places: readonly string[]; readonly fault: Failure | null }> {
  const places: string[] = []
  for (const open of stores) {
    try {
      places.push(await putInto(open, secret))
    } catch (cause) {
      if (await holds(open, secret)) places.push(open.label)
      // Even a defect must not lose the secret. Its message may quote what it failed on, so only its kind is told.
      const kind = cause instanceof Error ? cause.name : typeof cause
      const fault =
        cause instanceof Failure
          ? cause
          : new Failure('failed', `An unexpected ${kind} while writing ${open.label}`)
      return { places, fault }
    }
  }
  return { places, fault: null }
}

/**
 * Makes a key that no configuration declares, and puts its secret into `stores`. A key that is not as asked for, or that no
 * store took, is revoked again before this rejects, so that no key is left whose secret nobody has.
 */
export async function createByHand(
  asked: NewKey,
  idempotencyKey: string,
  stores: readonly OpenStore[],
  ports: HandPorts,
): Promise<Made> {
  const issued = await ports.platform.create(asked, idempotencyKey).catch((cause: unknown) => {
    throw cause instanceof PlatformFailure && cause.ambiguous ? maybeMade(asked, cause) : cause
  })
  const { key: live, secret } = issued
  if (isOther(live, asked)) throw otherKey(live, asked)
  const unlike = faultOf(issued, asked)
  if (unlike !== null || secret === null) {
    throw await takeBack(live, unlike ?? new Failure('failed', 'The secret is missing.'), ports)
  }
  const { places, fault } = await putOneByOne(secret, stores)
  if (fault === null) return { live, secret, places }
  if (places.length === 0) throw await takeBack(live, fault, ports)
  throw new Failure(
    'partial',
    `${live.id} was created, but not every store took its secret: ${fault.message}`,
    {
      hints: [
        `Its secret is in ${places.join(', ')}, and the key works.`,
        `Copy it on from there, or end it: fluxloop-keys apikeys delete ${live.id}`,
        ...fault.hints,
      ],
      cause: fault,
    },
  )
}
