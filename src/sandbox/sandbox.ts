import { Secret } from '../model/secret.ts'
import { authenticate, authorise, presentedSecret } from './authentication.ts'
import { bodyOf } from './body.ts'
import type { Answer, Call } from './incoming-call.ts'
import { openDatabase } from './database.ts'
import { HttpError } from './http-error.ts'
import { type Repeatable, keepAnswer, replay } from './idempotency.ts'
import { insertKey } from './key-table.ts'
import { type RateLimit, openRateLimiter, withHeaders } from './rate-limiter.ts'
import { decideLogin } from './login-flow.ts'
import { answerLoginPage, loginPage } from './login-page.ts'
import { type Route, openRoute, route } from './router.ts'
import { environmentOfName, prefixes, randomSecret, randomText } from './make-secret.ts'
import { seedReference } from './seed.ts'
import { recordUse } from './record-usage.ts'
import { type Caller, insertUserToken, userTokenPrefix } from './user-tokens.ts'
import { jsonObject } from './validation.ts'

/** Carries the address of a caller over HTTP; `serveSandbox` overwrites what a caller says of it. */
export const addressHeader = 'x-fluxloop-sandbox-address'

/** A complete platform in a box: the contract of `schemas/platform.openapi.yaml` over one SQLite database. */
export interface Sandbox {
  /** Answers any request, whatever its origin; its path decides. Never rejects. */
  handle(request: Request): Promise<Response>
  /** A new key that may do everything and never expires. */
  issueAdministrator(name?: string): Secret
  /** A token of a person, who may do everything and is not a key: `whoami` shows none, and no list has it. */
  issueUserToken(account: string): Secret
  /** Decides about a login that waits, as its page in a browser does. False where none waits under that code. */
  decideLogin(userCode: string, decision: { readonly account: string } | 'denied'): boolean
  /** Makes the keys of the platform's page on API keys, as if now were the moment of its outputs. Secrets by key id. */
  seedReference(ids?: readonly string[]): ReadonlyMap<string, Secret>
  close(): void
}

interface SandboxOptions {
  /** A file's path (made where there is none), or `:memory:`. */
  readonly database: string
  /** Milliseconds since 1970. An argument, so that histories can be played. */
  readonly now?: () => number
  /** Makes a whole secret, which begins with the prefix. */
  readonly makeSecret?: (prefix: string) => string
  /** Makes the id of a key. */
  readonly makeId?: () => string
  /** Of each caller; absent: none. */
  readonly rateLimit?: RateLimit
}

interface Incoming {
  readonly request: Request
  readonly url: URL
  readonly route: Route
  readonly bytes: Uint8Array
  readonly at: number
}

export function openSandbox(options: SandboxOptions): Sandbox {
  const now = options.now ?? Date.now
  const makeSecret = options.makeSecret ?? randomSecret
  const makeId = options.makeId ?? (() => `key_${randomText(12)}`)
  const limiter = options.rateLimit === undefined ? null : openRateLimiter(options.rateLimit)
  const database = openDatabase(options.database, now())

  /** All that happens for one request, in one transaction. A refusal still counts as a use where the caller was allowed to ask. */
  function answer(incoming: Incoming): Answer {
    const secret = presentedSecret(incoming.request.headers)
    const caller = authenticate(database, secret, incoming.at)
    limiter?.take(caller.id, incoming.at)
    const result = refusalAsAnswer(() => operate(incoming, caller, secret))
    return limiter === null ? result : withHeaders(result, limiter.headers(caller.id))
  }

  function operate({ request, url, route, bytes, at }: Incoming, caller: Caller, secret: string): Answer {
    const { operation, id } = route
    authorise(caller, operation.permission)
    let project: string | null = null
    const call: Call = {
      database,
      now: at,
      caller,
      id,
      query: url.searchParams,
      body: () => jsonObject(bytes),
      ifMatch: request.headers.get('if-match'),
      touch: name => (project = name),
      makeSecret,
      makeId,
    }
    const idempotencyKey = operation.method === 'GET' ? null : request.headers.get('idempotency-key')
    const repeatable: Repeatable | null =
      idempotencyKey === null
        ? null
        : {
            callerId: caller.id,
            secret,
            method: operation.method,
            path: url.pathname,
            idempotencyKey,
            body: bytes,
          }
    const result = refusalAsAnswer(() =>
      database.attempt(() => {
        const former = repeatable === null ? undefined : replay(database, repeatable, at)
        if (former !== undefined) return former
        const fresh = operation.handler(call)
        if (repeatable !== null) keepAnswer(database, repeatable, fresh, at)
        return fresh
      }),
    )
    // Last, so that an answer shows the uses before it: a key that asks who it is may still see that nobody used it.
    recordUse(database, {
      keyId: caller.id,
      at,
      operation: operation.name,
      project,
      ip: request.headers.get(addressHeader) ?? '127.0.0.1',
      userAgent: request.headers.get('user-agent'),
    })
    return result
  }

  return {
    async handle(request) {
      const at = now()
      try {
        const url = new URL(request.url)
        const open = openRoute(request.method, url.pathname)
        const bytes = open === null && url.pathname !== loginPage ? null : await bodyOf(request)
        if (open !== null && bytes !== null) {
          const call = { database, now: at, body: () => jsonObject(bytes), origin: originOf(request, url) }
          return response(
            refusalAsAnswer(() => database.transaction(() => open.handler(call))),
            at,
          )
        }
        if (bytes !== null) return answerLoginPage(request.method, url, bytes, database, at)
        const target = route(request.method, url.pathname)
        const incoming = { request, url, route: target, bytes: await bodyOf(request), at }
        const result = refusalAsAnswer(() => database.transaction(() => answer(incoming)))
        return response(result, at)
      } catch (error) {
        if (error instanceof HttpError) return response(error, at)
        const reason = error instanceof Error ? error.message : String(error)
        return response({ status: 500, body: { detail: `The sandbox failed: ${reason}` } }, at)
      }
    },

    issueAdministrator(name = 'Sandbox administrator') {
      const environment = environmentOfName(name)
      const secret = makeSecret(prefixes[environment])
      database.transaction(() => {
        insertKey(database, {
          id: makeId(),
          name,
          description: '',
          environment,
          secret,
          scope: '*',
          permissions: ['*'],
          createdAt: now(),
          expiresAt: null,
        })
      })
      return new Secret(secret)
    },

    issueUserToken(account) {
      const secret = randomSecret(userTokenPrefix)
      insertUserToken(database, account, secret, now())
      return new Secret(secret)
    },

    decideLogin: (userCode, decision) =>
      database.transaction(() => decideLogin(database, userCode, decision, now())),

    seedReference: ids => database.transaction(() => seedReference(database, now(), ids)),

    close: () => database.close(),
  }
}

/** Where the caller reached us, for the page that it is sent to. */
function originOf(request: Request, url: URL): string {
  const host = request.headers.get('host') ?? url.host
  return /^[\w.:[\]-]{1,253}$/.test(host) ? `http://${host}` : url.origin
}

function refusalAsAnswer(work: () => Answer): Answer {
  try {
    return work()
  } catch (error) {
    if (error instanceof HttpError) return error
    throw error
  }
}

function response({ status, body, headers }: Answer, at: number): Response {
  const all = { ...headers, date: new Date(at).toUTCString() }
  if (body === undefined) return new Response(null, { status, headers: all })
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...all },
  })
}
