import type { Instant, Milliseconds } from '../model/duration.ts'
import { type Answer, type Call, type Fault, type Try, leaseLost } from './call.ts'
import { entityTag } from './entity-tag.ts'
import { parseHttpDate, parseRetryAfter } from './http-date.ts'
import { networkFault } from './network-fault.ts'
import { readRateLimit } from './rate-limit.ts'
import { type BoundedText, readBounded } from './read-bounded.ts'
import { BadHeader, type Incoming, LeaseLost, type Outgoing, type Transport } from './transport.ts'
import type { WriteLease } from './types.ts'
import { type Secret, holdsSecret } from '../model/secret.ts'

/** All that one try needs next to the call. */
export interface Connection {
  /** No slash at its end. */
  readonly baseUrl: string
  readonly userAgent: string
  readonly transport: Transport
  readonly now: () => Instant
  readonly timeout: Milliseconds
  readonly signal: AbortSignal | undefined
  /** The lease that the run has; null: it has none. */
  readonly lease?: () => WriteLease | null
}

/** The most that is read of an answer which is an error. */
const maximumErrorBytes = 65_536

function fault(reason: Fault['reason'], sent: boolean, status: number | null = null): Fault {
  return { kind: 'fault', reason, code: null, status, sent }
}

function requireLease(lease: WriteLease): void {
  try {
    lease.requireHeld()
  } catch (cause) {
    throw new LeaseLost('the lease is late', { cause })
  }
}

function requestOf(
  call: Call,
  credential: Secret | null,
  connection: Connection,
  signal: AbortSignal,
): Outgoing {
  const tag = call.ifMatch === undefined ? null : entityTag(call.ifMatch)
  const lease = connection.lease?.() ?? null
  const query = call.query === undefined ? '' : `?${call.query}`
  return {
    method: call.method,
    url: `${connection.baseUrl}${call.path}${query}`,
    headers: {
      accept: 'application/json',
      'user-agent': `${connection.userAgent}${call.agentNote ?? ''}`,
      ...(credential === null ? {} : { authorization: `Bearer ${credential.reveal()}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
      ...(tag === null ? {} : { 'if-match': tag }),
      ...(lease === null ? {} : { 'fluxloop-keys-epoch': String(lease.epoch) }),
    },
    body: call.body ?? null,
    signal,
    ...(lease === null || call.method === 'GET' ? {} : { requireLease: () => requireLease(lease) }),
  }
}

const isSuccess = ({ status }: Pick<Incoming, 'status'>) => status >= 200 && status < 300

function readAnswer(call: Call, response: Incoming, text: BoundedText, now: Instant): Try {
  const date = parseHttpDate(response.header('date'))
  const rateLimit = readRateLimit(response.header, date ?? now)
  const asked = parseRetryAfter(response.header('retry-after'), date ?? now)
  const answer = (body: unknown, format: Answer['format']): Answer => ({
    kind: 'answer',
    status: response.status,
    body,
    format,
    retryAfter: asked ?? (response.status === 429 && rateLimit?.remaining === 0 ? rateLimit.resetIn : null),
    rateLimit,
    date,
  })
  if (!isSuccess(response)) {
    if (text.kind !== 'text') return answer(undefined, 'other')
    if (text.text.trim() === '') return answer(undefined, 'empty')
    const body = parseJson(text.text)
    return body === undefined ? answer(undefined, 'other') : answer(body, 'json')
  }
  const type = response.header('content-type') ?? ''
  if (text.kind === 'too-large') return fault('too-large', true, response.status)
  if (text.kind === 'not-utf8') return fault('garbled', true, response.status)
  if (text.text.trim() === '' && call.expects === 'nothing') return answer(undefined, 'empty')
  if (/\bhtml\b/i.test(type)) return fault('not-json', true, response.status)
  const body = parseJson(text.text)
  if (body !== undefined) return answer(body, 'json')
  return fault(/\bjson\b/i.test(type) ? 'garbled' : 'not-json', true, response.status)
}

/** Undefined where it is not JSON, which JSON itself cannot say. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * One HTTP try, from the request to the last byte of the answer. It never rejects: what goes wrong is a fault. Null: the call is how
 * one gets a credential.
 */
export async function sendOnce(call: Call, credential: Secret | null, connection: Connection): Promise<Try> {
  if (connection.signal?.aborted === true) return fault('interrupted', false)
  const abort = new AbortController()
  const exchanged = exchange(call, credential, connection, abort.signal)
  return await new Promise<Try>(resolve => {
    // The first to finish wins: the wait ends even where the transport does not obey the signal.
    const finish = (outcome: Try) => {
      clearTimeout(timer)
      connection.signal?.removeEventListener('abort', onInterrupt)
      resolve(outcome)
      // Without a reason Node makes an error with a stack, which takes longer than all of this.
      abort.abort('over')
    }
    const onInterrupt = () => {
      finish(fault('interrupted', true))
    }
    const timer = setTimeout(() => {
      finish(fault('timeout', true))
    }, connection.timeout)
    connection.signal?.addEventListener('abort', onInterrupt)
    // An interruption from within the transport came before anyone listened.
    if (connection.signal?.aborted === true) onInterrupt()
    void exchanged.then(finish)
  })
}

const withheld = { detail: 'the words of the answer are withheld because they contain a secret' }

/** Errors are shown to people, and some servers quote what they were sent. Of such an answer only its status and its format count. */
function withoutSecrets(answer: BoundedText): BoundedText {
  if (answer.kind !== 'text' || !holdsSecret(answer.text)) return answer
  const isJson = parseJson(answer.text) !== undefined
  return { ...answer, text: isJson ? JSON.stringify(withheld) : withheld.detail }
}

async function exchange(
  call: Call,
  credential: Secret | null,
  connection: Connection,
  signal: AbortSignal,
): Promise<Try> {
  try {
    const response = await connection.transport(requestOf(call, credential, connection, signal))
    if (response.status >= 300 && response.status < 400) return fault('redirect', true, response.status)
    const isGood = isSuccess(response)
    const raw = await readBounded(response.body, isGood ? call.maximumBytes : maximumErrorBytes)
    const text = isGood ? raw : withoutSecrets(raw)
    return readAnswer(call, response, text, connection.now())
  } catch (error) {
    if (error instanceof LeaseLost) return leaseLost
    return error instanceof BadHeader ? fault('bad-header', false) : networkFault(error)
  }
}
