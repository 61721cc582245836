import type { Database } from './database.ts'
import type { Caller } from './user-tokens.ts'

/** One request by a known caller who may make it, on its way through an operation. */
export interface Call {
  readonly database: Database
  /** Milliseconds since 1970. */
  readonly now: number
  readonly caller: Caller
  /** What stands in the path for `{id}`; empty where the path has none. */
  readonly id: string
  readonly query: URLSearchParams
  /** The body as a JSON object. Throws a 422 where it is none. */
  body(): Readonly<Record<string, unknown>>
  readonly ifMatch: string | null
  /** Says which project the request was about, for the count of its use. */
  touch(project: string): void
  makeSecret(prefix: string): string
  makeId(): string
}

/** One request that needs no credential. */
export interface OpenCall extends Pick<Call, 'database' | 'now' | 'body'> {
  /** Where the caller reached us: `http://127.0.0.1:PORT`. */
  readonly origin: string
}

export interface Answer {
  readonly status: number
  /** Absent: no body. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Handler = (call: Call) => Answer
export type OpenHandler = (call: OpenCall) => Answer
