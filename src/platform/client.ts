import { beforeDelivery, ofProof } from '../lifecycle/last-use.ts'
import { trimEnd } from '../model/trim-end.ts'
import { second } from '../model/duration.ts'
import { type LiveKey, endsLike } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import { type Answer, type Call, type Try, callName, interruptedBefore } from './call.ts'
import { callFailure } from './errors.ts'
import { type Connection, sendOnce } from './http.ts'
import { readIssued } from './issued-answer.ts'
import { listAll } from './listing.ts'
import { type Pace, openPace } from './pace.ts'
import { PlatformFailure } from './platform-failure.ts'
import { badAnswer, isKeyId } from './reader.ts'
import { tryRepeatedly } from './retry.ts'
import { toAskedKey, toLiveKey, toProjects, toUsage, toWhoami } from './to-model.ts'
import { newKeyBody, patchBody } from './to-wire.ts'
import type { ClientOptions, Issued, PlatformClient, Whoami } from './types.ts'

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

function connectionOf(options: ClientOptions): Connection {
  const base = new URL(options.baseUrl)
  return {
    // Without credentials, query and fragment.
    baseUrl: trimEnd(`${base.origin}${base.pathname}`, '/'),
    userAgent: options.userAgent,
    fetch: options.fetch,
    now: options.now,
    timeout: options.timeoutMs ?? 30 * second,
    signal: options.signal,
  }
}

/** Makes one call, with its retries: resolves to an answer of success, or rejects with what it means. */
function caller(
  options: ClientOptions,
  credential: () => Secret,
  pace: Pace,
  onTry: () => void,
): (call: Call, as: Secret | null) => Promise<Answer> {
  const connection = connectionOf(options)
  const policy = { maxTries: options.maxTries ?? 5, maxWait: options.maxWaitMs ?? 60 * second }
  return async (call, as) => {
    const once = async (tryNumber: number, secret: Secret) => {
      onTry()
      const start = options.now()
      const outcome = await sendOnce(call, secret, connection)
      options.onRequest?.({
        method: call.method,
        path: call.path,
        status: outcome.status,
        try: tryNumber,
        milliseconds: options.now() - start,
      })
      return outcome
    }
    // What another key may do is not our budget.
    const send = async (tryNumber: number): Promise<Try> => {
      if (as !== null) return await once(tryNumber, as)
      for (;;) {
        const waits = await pace.pass()
        if (waits === null) return interruptedBefore
        const outcome = await once(tryNumber, credential())
        if (!pace.saw(outcome, waits)) return outcome
      }
    }
    const sleep = (milliseconds: number) => options.sleep(milliseconds, options.signal)
    const attempts = await tryRepeatedly(call, send, { policy, random: options.random, sleep })
    const { outcome } = attempts
    if (outcome.kind === 'answer' && outcome.status < 300) return outcome
    const { baseUrl, timeout } = connection
    const { now, timeZone = 'UTC', proxy = null } = options
    throw callFailure(attempts, { call, baseUrl, timeout, now: now(), timeZone, proxy })
  }
}

/** Where a key was just made, its answer may be short of fields: then it is asked for, because the secret must not be lost. */
async function completeIssued(
  answer: Answer,
  call: Call,
  get: (id: string) => Promise<LiveKey>,
): Promise<Issued> {
  const name = callName(call)
  const { id, key, secret } = readIssued(answer.body, name, call.keyId ?? null)
  if (call.keyId !== undefined && id !== call.keyId) {
    throw badAnswer(name, `is about another key: its \`id\` is ${id}`)
  }
  try {
    return { key: toLiveKey(key, name), secret }
  } catch (error) {
    if (!(error instanceof PlatformFailure)) throw error
  }
  try {
    return { key: await get(id), secret }
  } catch (error) {
    if (!(error instanceof PlatformFailure)) throw error
    const { code, message, hints, status } = error
    throw new PlatformFailure(code, message, { hints, status, ambiguous: true })
  }
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
  let { credential } = options
  const pace = openPace(options)
  const send = caller(
    options,
    () => credential,
    pace,
    () => {
      tries++
    },
  )
  const request = (call: Call, as: Secret | null = null) => send(call, as)

  const whoami = async (as: Secret | null, agentNote = ''): Promise<Whoami> => {
    const call: Call = { method: 'GET', path: '/api/auth/whoami', agentNote, expects: 'json', maximumBytes }
    return toWhoami((await request(call, as)).body, callName(call))
  }

  const get = async (id: string): Promise<LiveKey> => {
    const call: Call = { method: 'GET', ...keyCall(id), expects: 'json', maximumBytes }
    return toAskedKey((await request(call)).body, callName(call), id)
  }

  return {
    requests: () => tries,
    get,
    async list({ maximumPages } = {}) {
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
      const listing = await listAll(page, options.now, maximumPages)
      listCost = pages
      return listing
    },
    async create(key, idempotencyKey) {
      const body = newKeyBody(key)
      const call: Call = {
        method: 'POST',
        path: keysPath,
        body,
        idempotencyKey,
        expects: 'json',
        maximumBytes,
      }
      return completeIssued(await request(call), call, get)
    },
    async update(id, patch, { ifMatch, idempotencyKey }) {
      const call: Call = {
        method: 'PATCH',
        ...keyCall(id),
        body: patchBody(patch),
        ...optionalHeaders(ifMatch, idempotencyKey),
        expects: 'json',
        maximumBytes,
      }
      return toAskedKey((await request(call)).body, callName(call), id)
    },
    async regenerate(id, { ifMatch, idempotencyKey }) {
      const call: Call = {
        method: 'POST',
        ...keyCall(id, '/regenerate'),
        ...optionalHeaders(ifMatch, idempotencyKey),
        expects: 'json',
        maximumBytes,
      }
      return completeIssued(await request(call), call, get)
    },
    async revoke(id, { ifMatch } = {}) {
      const call: Call = {
        method: 'DELETE',
        ...keyCall(id),
        ...optionalHeaders(ifMatch, undefined),
        expects: 'nothing',
        maximumBytes,
      }
      try {
        await request(call)
      } catch (error) {
        // A revocation that was carried out before, perhaps by a try whose answer was lost.
        if (!(error instanceof PlatformFailure) || error.code !== 'not-found') throw error
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
    async projects() {
      const call: Call = { method: 'GET', path: '/api/projects', expects: 'json', maximumBytes }
      return toProjects((await request(call)).body, callName(call))
    },
    actAs(secret, key) {
      if (!endsLike(secret, key)) return
      credential = secret
      pace.forget()
    },
    budget: () => pace.budget(),
    pace: pacing => pace.begin(pacing),
    async ready(requests) {
      await pace.ready(requests)
    },
    hold: requests => pace.hold(requests),
    listCost: () => listCost,
  }
}
