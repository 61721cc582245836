import type { Test } from 'tap'
import { type Stage, stage } from './stage.ts'

/** Passes a request on to the sandbox, which keeps to the contract. */
export type Pass = (request: Request) => Promise<Response>

/** A platform that speaks otherwise than the contract: it answers itself, or changes what the sandbox answers. */
export type Dialect = (request: Request, pass: Pass) => Promise<Response>

/** `POST /api/api-keys/:id/regenerate` */
export function callOf(request: Request): string {
  return `${request.method} ${new URL(request.url).pathname.replace(/key_\w+/, ':id')}`
}

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status })
}

/** Changes what the sandbox answers to some calls. */
export function changing(calls: readonly string[], change: (body: Fields) => unknown): Dialect {
  return async (request, pass) => {
    const call = callOf(request)
    const response = await pass(request)
    if (!calls.includes(call) || !response.ok) return response
    return json(change((await response.json()) as Fields), response.status)
  }
}

export interface Fields {
  readonly [name: string]: unknown
}

/** Answers some calls in the platform's place. */
export function refusing(calls: readonly string[], status: number, body: unknown): Dialect {
  return async (request, pass) => (calls.includes(callOf(request)) ? json(body, status) : await pass(request))
}

/** One dialect after the other: the first stands before the second. */
export function both(first: Dialect, second: Dialect): Dialect {
  return (request, pass) => first(request, passed => second(passed, pass))
}

export const configuration = `version: 1
stack: acme
keys:
  bot:
    name: Bot
    description: Answers customers
    owner: support
    scope: [sales-assistant]
    permissions: [read_scenarios]
    expires: 90d
    store:
      env-file: { path: bot.env, name: FLUXLOOP_API_KEY }
`

/** A stage whose platform speaks a dialect from the moment that `speak` is called on. */
export interface DialectStage extends Stage {
  speak(dialect: Dialect): void
}

export function dialectStage(t: Test): DialectStage {
  const own = stage(t, { 'fluxloop-keys.yaml': configuration })
  const { fetch, credential } = own.platform
  let dialect: Dialect = async (request, pass) => await pass(request)
  const platform = { credential, fetch: (request: Request) => dialect(request, fetch) }
  const run: Stage['run'] = (line, options) => own.run(line, { platform, ...options })
  return {
    ...own,
    get now() {
      return own.now
    },
    set now(at) {
      own.now = at
    },
    platform,
    run,
    succeed: async (line, options) => {
      const ran = await run(line, options)
      if (ran.code !== 0)
        throw new Error(`${line} exits ${ran.code}: ${(ran.err() + ran.out()).slice(-2000)}`)
      return ran
    },
    speak: next => {
      dialect = next
    },
  }
}
