import { beforeDelivery, ofProof } from '../lifecycle/last-use.ts'
import { type LiveKey, endsLike } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { type Call, callName } from './call.ts'
import { asKey, findCaller } from './calling-key.ts'
import type { CapabilityName } from './capabilities.ts'
import { cannotManage } from './manageable.ts'
import { callPattern, isMissing, missingCallFailure } from './missing-call.ts'
import { PlatformFailure } from './platform-failure.ts'
import type { Listing, PlatformClient, Whoami } from './types.ts'

/** What the fallbacks need beyond the client that they wrap. */
interface Means {
  /** What authenticates the client now. */
  readonly credential: () => Secret
  /** The id that `--caller` names; null: none is named. */
  readonly callerId: string | null
  /** Makes any call with another secret; rejects with a `PlatformFailure`. */
  readonly send: (call: Call, as: Secret) => Promise<unknown>
}

type KeyedCall = Pick<Call, 'method' | 'path' | 'keyId'>

const smallAnswer = { expects: 'json', maximumBytes: 4_194_304 } as const

/** Harmless calls that any platform has: they read, and one that is not allowed to its secret still tells that it is known. */
const knownRoutes: readonly Call[] = [
  { method: 'GET', path: '/api/projects', ...smallAnswer },
  { method: 'GET', path: '/api/api-keys', query: 'limit=1', ...smallAnswer },
]

/** The statuses with which a platform answers somebody whom it knows: it works, is not allowed, or was asked for something odd. */
function isKnown(cause: unknown): boolean {
  return cause instanceof PlatformFailure && [400, 403, 409, 422].includes(cause.status ?? 0)
}

/** Resolves where the platform accepts a secret: where a known route does not answer 401. Rejects with why not. */
async function requireAccepted(secret: Secret, agentNote: string, { send }: Means): Promise<void> {
  let refusal: PlatformFailure | null = null
  for (const route of knownRoutes) {
    try {
      await send({ ...route, agentNote }, secret)
      return
    } catch (cause) {
      if (isKnown(cause)) return
      // Some routes may be for users only: what one refuses, another may accept.
      if (cause instanceof PlatformFailure && cause.code === 'authentication') refusal ??= cause
      else if (!isMissing(cause, false)) throw cause
    }
  }
  if (refusal !== null) throw refusal
  throw new PlatformFailure('failed', 'The platform has no call that tells whether a secret works', {
    hints: [`Tried: ${knownRoutes.map(callName).join(', ')}`],
  })
}

/** A client that goes on without the calls that it can do without: `whoami`, and the look at one key. */
export function withoutCalls(client: PlatformClient, means: Means): PlatformClient {
  const lacking = new Set<CapabilityName>()
  const missing = new Set<string>()
  /** Calls that worked once: a 404 to one of them is about its key. */
  const has = new Set<string>()
  let last: Promise<Listing> | null = null
  /** Ids that were in a list, or in the answer to a create: a 404 about them needs an explanation. */
  const seen = new Set<string>()

  const list: PlatformClient['list'] = async options => {
    const listing = client.list(options)
    last = listing
    listing.catch(() => {
      if (last === listing) last = null
    })
    const { keys } = await listing
    for (const { id } of keys) seen.add(id)
    return await listing
  }

  const notFound = (id: string) =>
    new PlatformFailure('not-found', `There is no API key ${id} in the list of keys`, {
      hints: ['It may have been revoked, or the calling key may not see it.'],
      status: 404,
    })

  const fromList = async (id: string): Promise<LiveKey> => {
    const { keys } = await list()
    const key = keys.find(each => each.id === id)
    if (key === undefined) throw notFound(id)
    return key
  }

  const get = async (id: string): Promise<LiveKey> => {
    if (lacking.has('one key')) return await fromList(id)
    try {
      const key = await client.get(id)
      has.add('get')
      return key
    } catch (cause) {
      const isNotFound = cause instanceof PlatformFailure && cause.code === 'not-found'
      const isSuspicious = isNotFound && seen.has(id) && !has.has('get')
      if (!isSuspicious && !isMissing(cause, true)) throw cause
      const key = await fromList(id)
      lacking.add('one key')
      return key
    }
  }

  /** Does a 404 to a call of this key say that the key is gone? Where the key is there, it is the call that is missing. */
  const explained = async <T>(
    call: KeyedCall & { readonly keyId: string },
    send: () => Promise<T>,
  ): Promise<T> => {
    const pattern = callPattern(call)
    if (missing.has(pattern)) throw missingCallFailure(call)
    try {
      const done = await send()
      has.add(pattern)
      return done
    } catch (cause) {
      if (isMissing(cause, true)) missing.add(pattern)
      if (!(cause instanceof PlatformFailure) || cause.code !== 'not-found' || has.has(pattern)) throw cause
      const isThere = await get(call.keyId).then(
        ({ status }) => status !== 'revoked',
        () => false,
      )
      if (!isThere) throw cause
      missing.add(pattern)
      throw missingCallFailure(call)
    }
  }

  const pathOf = (keyId: string, below = '') => ({ path: `/api/api-keys/${keyId}${below}`, keyId })

  const proven: PlatformClient['whoamiAs'] = async (secret, key, when) => {
    if (!endsLike(secret, key)) return null
    await requireAccepted(secret, when === 'before-delivery' ? beforeDelivery : ofProof, means)
    const live =
      key.id === undefined
        ? (await (last ?? list())).keys.find(each => endsLike(secret, each))
        : await get(key.id)
    return live !== undefined && live.status !== 'revoked' && endsLike(secret, live) ? asKey(live) : null
  }

  return {
    ...client,
    lacks: () => new Set([...client.lacks(), ...lacking]),
    list,
    get,
    async whoami(): Promise<Whoami> {
      if (!lacking.has('whoami')) {
        try {
          return await client.whoami()
        } catch (cause) {
          if (!isMissing(cause, false)) throw cause
        }
      }
      // What the list answers tells whether this is the platform at all.
      const { keys } = await (last ?? list())
      lacking.add('whoami')
      return findCaller(means.credential(), keys, means.callerId)
    },
    async whoamiAs(secret, key, when) {
      if (lacking.has('whoami')) return await proven(secret, key, when)
      try {
        return await client.whoamiAs(secret, key, when)
      } catch (cause) {
        if (!isMissing(cause, false)) throw cause
        await (last ?? list())
        lacking.add('whoami')
        return await proven(secret, key, when)
      }
    },
    async create(key, idempotencyKey, renew) {
      const issued = await client.create(key, idempotencyKey, renew)
      seen.add(issued.key.id)
      return issued
    },
    update: (id, patch, options) =>
      explained({ method: 'PATCH', ...pathOf(id) }, () => client.update(id, patch, options)),
    regenerate: (id, options) =>
      explained({ method: 'POST', ...pathOf(id, '/regenerate') }, () => client.regenerate(id, options)),
    usage: (id, days) => explained({ method: 'GET', ...pathOf(id, '/usage') }, () => client.usage(id, days)),
    async revoke(id, options) {
      try {
        await explained({ method: 'DELETE', ...pathOf(id) }, () => client.revoke(id, options))
      } catch (cause) {
        // A revocation that was carried out before, perhaps by a try whose answer was lost.
        if (!(cause instanceof PlatformFailure) || cause.code !== 'not-found') throw cause
      }
    },
    async requireUpdates(id) {
      try {
        await explained({ method: 'PATCH', ...pathOf(id) }, () => client.requireUpdates(id))
      } catch (cause) {
        if (isMissing(cause, true)) throw cannotManage('lacks PATCH /api/api-keys/{id}')
        throw cause
      }
    },
  }
}
