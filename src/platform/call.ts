import type { Instant, Milliseconds } from '../model/duration.ts'
import type { RateLimit } from './rate-limit.ts'

/** One call of the platform's API, before it is a request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the base URL: `/api/api-keys`. */
  readonly path: string
  /** Without the question mark. */
  readonly query?: string
  /** JSON. */
  readonly body?: string
  readonly idempotencyKey?: string
  /**
   * What to send instead of body and idempotency key, made right before each try for as long as no earlier try can have been carried
   * out: a wait for budget may last an hour, and what is sent may name its moment.
   */
  readonly renew?: () => Required<Pick<Call, 'body' | 'idempotencyKey'>>
  /** The version as the platform gave it: a number or a word. */
  readonly ifMatch?: string
  /** What the user agent ends with in this call alone. */
  readonly agentNote?: string
  /** The key that the path names. */
  readonly keyId?: string
  /** Where `nothing` is expected, an empty answer will do. */
  readonly expects: 'json' | 'nothing'
  /** Of the answer, decompressed. */
  readonly maximumBytes: number
}

export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  /** What the JSON says; undefined where there is none. */
  readonly body: unknown
  readonly format: 'json' | 'empty' | 'other'
  readonly retryAfter: Milliseconds | null
  /** What is left to the caller, where the answer says so. */
  readonly rateLimit: RateLimit | null
  /** The server's clock. */
  readonly date: Instant | null
}

/** Why a try gave no answer that one could use. */
export interface Fault {
  readonly kind: 'fault'
  readonly reason:
    | 'dns'
    | 'refused'
    | 'tls'
    | 'timeout'
    | 'broken'
    | 'redirect'
    | 'proxy'
    | 'interrupted'
    | 'lease-lost'
    | 'bad-header'
    | 'not-json'
    | 'garbled'
    | 'too-large'
  /** What the system calls it: `ECONNREFUSED`. */
  readonly code: string | null
  readonly status: number | null
  /** The platform may have received the request. */
  readonly sent: boolean
}

const nothingSent = { kind: 'fault', code: null, status: null, sent: false } as const

/** It ended before anything was sent. */
export const interruptedBefore: Fault = { ...nothingSent, reason: 'interrupted' }

/** Another run may write by now, so this one does not. */
export const leaseLost: Fault = { ...nothingSent, reason: 'lease-lost' }

/** What came of one try. */
export type Try = Answer | Fault

/** How a call is named in messages: `GET /api/api-keys`. */
export function callName(call: Pick<Call, 'method' | 'path'>): string {
  return `${call.method} ${call.path}`
}

/**
 * Whether doing it twice does no harm: reading, deleting, a write whose repetition the platform recognises by its
 * idempotency key, and an update of one known version.
 */
export function isRepeatable(call: Call): boolean {
  return (
    call.method === 'GET' ||
    call.method === 'DELETE' ||
    call.idempotencyKey !== undefined ||
    (call.method === 'PATCH' && call.ifMatch !== undefined)
  )
}

/** Whether the platform may have carried out a write, although the try did not say so. */
export function isAmbiguous(call: Call, outcome: Try): boolean {
  if (call.method === 'GET') return false
  if (outcome.kind === 'fault') return outcome.sent
  return outcome.status >= 500 || outcome.status === 408
}
