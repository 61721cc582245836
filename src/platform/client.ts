import { beforeDelivery, ofProof } from '../lifecycle/last-use.ts'
import { type LiveKey, endsLike } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { type Call, callName } from './call.ts'
import { completeIssued } from './complete-issued.ts'
import { createInProject } from './create-in-project.ts'
import { openLister } from './open-lister.ts'
import { openPace } from './pace.ts'
import { PlatformFailure } from './platform-failure.ts'
import { permissionNames } from './permission-names.ts'
import { isKeyId } from './reader.ts'
import { renewing } from './renewing.ts'
import { type Sender, openCaller } from './open-caller.ts'
import { versionRefusals } from './version-refusals.ts'
import { toAskedKey, toProjects, toUsage, toWhoami } from './to-model.ts'
import { patchBody } from './to-wire.ts'
import type { ClientOptions, Issued, NewKey, PlatformClient, Whoami, WriteLease } from './types.ts'
import { withoutCalls } from './without-calls.ts'

/** The statuses with which a PATCH that changes nothing is refused by a platform that has the call. */
const hasCall: ReadonlySet<number> = new Set([400, 409, 412, 422, 428])

const keysPath = '/api/api-keys'
const megabyte = 1_048_576
const maximumListBytes = 32 * megabyte
const maximumBytes = 4 * megabyte

/** Below the path of the one key; refuses what can be no id, since it would change the path. */
function keyCall(id: string, below: '' | '/regenerate' | '/usage' = ''): Pick<Call, 'path' | 'keyId'> {
  if (!isKeyId(id)) {
    throw new PlatformFailure('usage', 'This is not the id of an API key', {
      hints: ['Ids look like key_abc123: letters, digits and _ . : ~ -'],
    })
  }
  return { path: `${keysPath}/${id}${below}`, keyId: id }
}

function optionalHeaders(ifMatch: string | null | undefined, idempotencyKey: string | undefined) {
  return {
    ...(ifMatch === null || ifMatch === undefined ? {} : { ifMatch }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

/** A client of the platform's API as `schemas/platform.openapi.yaml` has it; see `PlatformClient`. */
export function createClient(options: ClientOptions): PlatformClient {
  let tries = 0
  let listCost = 1
  let sender: Sender = {
    secret: options.credential,
    source: options.credentialSource ?? 'the credential of the caller',
    isLogin: options.renewal !== undefined,
  }
  let lease: WriteLease | null = null
  const pace = openPace(options)
  const refusals = versionRefusals()
  const names = permissionNames()
  const lister = openLister(options.now)
  const send = openCaller(
    options,
    () => sender,
    pace,
    refusals,
    () => lease,
    () => {
      tries++
    },
  )
  const renewIfDue = renewing(options, secret => {
    sender = { ...sender, secret }
  })
  const request = async (call: Call, as: Secret | null = null) => {
    if (as === null && sender.isLogin) await renewIfDue()
    return await send(call, as)
  }

  const whoami = async (as: Secret | null, agentNote = ''): Promise<Whoami> => {
    const call: Call = { method: 'GET', path: '/api/auth/whoami', agentNote, expects: 'json', maximumBytes }
    return toWhoami((await request(call, as)).body, callName(call))
  }

  const get = async (id: string): Promise<LiveKey> => {
    const call: Call = { method: 'GET', ...keyCall(id), expects: 'json', maximumBytes }
    const key = toAskedKey((await request(call)).body, callName(call), id)
    refusals.looked(key)
    return key
  }

  const projects: PlatformClient['projects'] = async () => {
    const call: Call = { method: 'GET', path: '/api/projects', expects: 'json', maximumBytes }
    return toProjects((await request(call)).body, callName(call))
  }

  const list: PlatformClient['list'] = async ({ maximumPages } = {}) => {
    let pages = 0
    const page = (query: string) => {
      pages += 1
      return request({
        method: 'GET',
        path: keysPath,
        query,
        expects: 'json',
        maximumBytes: maximumListBytes,
      })
    }
    const listing = await lister.list(page, maximumPages)
    listCost = pages
    names.saw(listing.keys)
    return listing
  }

  /** `from` is asked once the answer is there: only then is it known what was sent. */
  const issued = async (
    call: Call,
    from: () => { made: NewKey } | { seen: LiveKey } | null,
  ): Promise<Issued> => {
    const { body, date } = await request(call)
    return await completeIssued(
      body,
      { call, at: date ?? options.now(), from: from() },
      {
        get,
        list: async () => (await list()).keys,
        sleep: async time => {
          await options.sleep(time, options.signal)
        },
      },
    )
  }

  /** Where a version was refused and the key still has it, once more: the second refusal is named for what it is. */
  async function unlessUnchanged<T>({ keyId, ifMatch }: Call, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof PlatformFailure) || error.code !== 'conflict' || error.status !== 412)
        throw error
      if (error.ambiguous || keyId === undefined || ifMatch === undefined) throw error
      const now = await get(keyId).catch(() => null)
      if (now?.version !== ifMatch) throw error
      return await write()
    }
  }

  const client: PlatformClient = {
    requests: () => tries,
    lacks: () => (lister.isPaged() ? new Set() : new Set(['paging'])),
    get,
    list,
    create: createInProject(async ({ key, body, idempotencyKey }, next) => {
      let made = key
      const call: Call = {
        method: 'POST',
        path: keysPath,
        body,
        idempotencyKey,
        ...(next === undefined
          ? {}
          : {
              renew: () => {
                const post = next()
                made = post.key
                return { body: post.body, idempotencyKey: post.idempotencyKey }
              },
            }),
        expects: 'json',
        maximumBytes,
      }
      return await names.granting(key.permissions, () => issued(call, () => ({ made })))
    }, projects),
    async update(id, patch, { ifMatch, idempotencyKey }) {
      const call: Call = {
        method: 'PATCH',
        ...keyCall(id),
        body: patchBody(patch),
        ...optionalHeaders(ifMatch, idempotencyKey),
        expects: 'json',
        maximumBytes,
      }
      const { body } = await names.granting(patch.permissions, () => request(call))
      return toAskedKey(body, callName(call), id)
    },
    async regenerate(id, { ifMatch, idempotencyKey, seen }) {
      const call: Call = {
        method: 'POST',
        ...keyCall(id, '/regenerate'),
        ...optionalHeaders(ifMatch, idempotencyKey),
        expects: 'json',
        maximumBytes,
      }
      return unlessUnchanged(call, () => issued(call, () => (seen === undefined ? null : { seen })))
    },
    async revoke(id, { ifMatch } = {}) {
      const call: Call = {
        method: 'DELETE',
        ...keyCall(id),
        ...optionalHeaders(ifMatch, undefined),
        expects: 'nothing',
        maximumBytes,
      }
      await unlessUnchanged(call, () => request(call))
    },
    async requireUpdates(id) {
      // Nothing to change, of a version that no key has: it changes nothing on whatever platform.
      const call: Call = {
        method: 'PATCH',
        ...keyCall(id),
        body: '{}',
        ifMatch: 'no-such-version',
        expects: 'json',
        maximumBytes,
      }
      try {
        await request(call)
      } catch (error) {
        if (!(error instanceof PlatformFailure) || !hasCall.has(error.status ?? 0)) throw error
      }
    },
    async usage(id, days) {
      const query = new URLSearchParams({ days: String(days) }).toString()
      const call: Call = { method: 'GET', ...keyCall(id, '/usage'), query, expects: 'json', maximumBytes }
      return toUsage((await request(call)).body, callName(call), id)
    },
    whoami: () => whoami(null),
    async whoamiAs(secret, key, when) {
      if (!endsLike(secret, key)) return null
      return await whoami(secret, when === 'before-delivery' ? beforeDelivery : ofProof)
    },
    projects,
    actAs(secret, key) {
      if (!endsLike(secret, key)) return
      sender = { secret, source: 'the new secret of the calling key', isLogin: false }
      pace.forget()
    },
    budget: () => pace.budget(),
    pace: pacing => pace.begin(pacing),
    underLease: taken => {
      lease = taken
    },
    async ready(requests) {
      await pace.ready(requests)
    },
    hold: requests => pace.hold(requests),
    listCost: () => listCost,
  }
  return withoutCalls(client, {
    credential: () => sender.secret,
    callerId: options.callerId ?? null,
    send: (call, as) => request(call, as),
  })
}
