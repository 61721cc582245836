import type { Instant, Milliseconds } from '../model/duration.ts'
import { second } from '../model/duration.ts'
import { endOfLife } from '../model/lifetime.ts'
import { type LiveKey, endsLike } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { type Call, callName } from './call.ts'
import { readIssued } from './issued-answer.ts'
import { PlatformFailure, UnplacedSecret } from './platform-failure.ts'
import { badAnswer } from './reader.ts'
import { toIssuedKey, toLiveKey } from './to-model.ts'
import type { Issued, NewKey } from './types.ts'

/** Where else to learn what an answer lacks. */
interface Looks {
  readonly get: (id: string) => Promise<LiveKey>
  readonly list: () => Promise<readonly LiveKey[]>
  readonly sleep: (time: Milliseconds) => Promise<void>
}

/** Of the call that gave the answer. */
interface Asked {
  readonly call: Call
  /** The server's clock, or else ours. */
  readonly at: Instant
  /** What was asked for, or the key as it was seen; null where nobody knows. */
  readonly from: { readonly made: NewKey } | { readonly seen: LiveKey } | null
}

/** What is known of a key without its answer. */
function knownKey(id: string, secret: Secret, { from, at }: Asked): LiveKey | null {
  const maskedKey = `****...${secret.end(5)}`
  if (from === null) return null
  if ('seen' in from) return { ...from.seen, maskedKey, regeneratedAt: at, version: null }
  const { name, description, marker, environment, scope, permissions, expires } = from.made
  return {
    id,
    name,
    description,
    ownership: marker === null ? { kind: 'unmanaged' } : { kind: 'managed', marker },
    maskedKey,
    environment,
    scope,
    permissions,
    createdAt: at,
    regeneratedAt: undefined,
    expiresAt: endOfLife(expires, at),
    lastUse: { known: false },
    status: 'active',
    version: null,
  }
}

/** A list may show a key only seconds after it was made. */
const looksAfter: readonly Milliseconds[] = [0, second, 3 * second]

/** The one key in the list that has the name that was asked for and ends like the secret; null where none has, or several. */
async function findMade(made: NewKey, secret: Secret, { list, sleep }: Looks): Promise<LiveKey | null> {
  for (const wait of looksAfter) {
    if (wait > 0) await sleep(wait)
    const keys = await list()
    const [key, ...others] = keys.filter(each => each.name === made.name && endsLike(secret, each))
    if (key !== undefined) return others.length === 0 ? key : null
  }
  return null
}

async function orNull(look: Promise<LiveKey | null>): Promise<LiveKey | null> {
  try {
    return await look
  } catch (error) {
    if (error instanceof PlatformFailure) return null
    throw error
  }
}

function readOrNull(key: unknown, name: string): LiveKey | null {
  try {
    return toLiveKey(key, name)
  } catch (error) {
    if (error instanceof PlatformFailure) return null
    throw error
  }
}

/**
 * The key and the secret of an answer to create and regenerate. What the answer lacks is looked up, and where that fails it is
 * taken from what was asked for. A secret that was received is never dropped: where its key is not known, it goes with the
 * failure.
 */
export async function completeIssued(body: unknown, asked: Asked, looks: Looks): Promise<Issued> {
  const { call, from } = asked
  const name = callName(call)
  const { id: said, key, secret } = readIssued(body, name)
  const orphan = (failure: PlatformFailure) =>
    secret === null ? failure : new UnplacedSecret(failure, secret)
  if (call.keyId !== undefined && said !== null && said !== call.keyId) {
    throw orphan(badAnswer(name, `is about another key: its \`id\` is ${said}`))
  }
  const id = said ?? call.keyId ?? null
  if (id === null) {
    const found =
      secret !== null && from !== null && 'made' in from
        ? await orNull(findMade(from.made, secret, looks))
        : null
    if (found !== null) return { key: found, secret }
    throw orphan(badAnswer(name, 'lacks `id`: a key was made, and it cannot be said which'))
  }
  const whole = readOrNull(key, name)
  if (whole !== null) return { key: whole, secret }
  try {
    return { key: await looks.get(id), secret }
  } catch (error) {
    if (!(error instanceof PlatformFailure)) throw error
    const known = secret === null ? null : knownKey(id, secret, asked)
    if (known !== null) return { key: toIssuedKey(key, name, known), secret }
    const { code, message, hints, status } = error
    throw orphan(new PlatformFailure(code, message, { hints, status, ambiguous: true }))
  }
}
