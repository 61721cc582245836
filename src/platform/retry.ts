import { type Milliseconds, second } from '../model/duration.ts'
import { type Call, type Fault, type Try, interruptedBefore, isAmbiguous, isRepeatable } from './call.ts'

export interface RetryPolicy {
  readonly maxTries: number
  /** The longest `Retry-After` that is waited for. */
  readonly maxWait: Milliseconds
  /** The platform has answered this client before: where nothing listens now, it is being restarted. */
  readonly hasAnswered: boolean
}

const firstDelay = second / 2
const longestDelay = 20 * second

/** Full jitter: anything up to a bound that doubles with every try, so that callers who failed together part. */
function backoff(tries: number, random: () => number): Milliseconds {
  return Math.round(random() * Math.min(longestDelay, firstDelay * 2 ** (tries - 1)))
}

function faultPasses(fault: Fault, call: Call, { hasAnswered }: RetryPolicy): boolean {
  switch (fault.reason) {
    case 'refused':
      // Where nothing ever listened, nothing will in the next seconds; a network that is down comes back.
      return hasAnswered || fault.code !== 'ECONNREFUSED'
    case 'timeout':
    case 'broken':
    case 'garbled':
      return isRepeatable(call)
    case 'dns':
      // The resolver was out of order; an unknown name stays unknown.
      return fault.code === 'EAI_AGAIN'
    case 'proxy':
      // It could not reach the platform just now; nothing was sent.
      return fault.status === 502 || fault.status === 503 || fault.status === 504
    case 'tls':
    case 'redirect':
    case 'interrupted':
    case 'lease-lost':
    case 'bad-header':
    case 'not-json':
    case 'too-large':
      return false
  }
}

/**
 * How long to wait before the next try, after `tries` of them; null: there is none. A 429 was not carried out, so any call may be
 * repeated after it; after everything else only those that do no harm.
 */
export function nextTryAfter(
  outcome: Try,
  call: Call,
  tries: number,
  policy: RetryPolicy,
  random: () => number,
): Milliseconds | null {
  if (tries >= policy.maxTries) return null
  if (outcome.kind === 'fault') return faultPasses(outcome, call, policy) ? backoff(tries, random) : null
  const { status, retryAfter } = outcome
  const passing = status === 429 || (isRepeatable(call) && isPassing(status))
  if (!passing) return null
  if (retryAfter === null || (status !== 429 && status !== 503)) return backoff(tries, random)
  return retryAfter > policy.maxWait ? null : retryAfter + backoff(1, random)
}

/** Server errors but those that say "never". */
function isPassing(status: number): boolean {
  return status === 408 || (status >= 500 && status !== 501 && status !== 505)
}

export interface Attempts {
  readonly outcome: Try
  readonly tries: number
  /** A try before or at the end may have been carried out, although it did not say so. */
  readonly ambiguous: boolean
}

/** Tries until there is an answer that stands, or no sense in another try. `sleep` rejects where the run is interrupted. */
export async function tryRepeatedly(
  call: Call,
  send: (tryNumber: number) => Promise<Try>,
  options: {
    readonly policy: RetryPolicy
    readonly random: () => number
    readonly sleep: (milliseconds: Milliseconds) => Promise<void>
  },
): Promise<Attempts> {
  let ambiguous = false
  for (let tries = 1; ; tries++) {
    const outcome = await send(tries)
    ambiguous ||= isAmbiguous(call, outcome)
    const wait = nextTryAfter(outcome, call, tries, options.policy, options.random)
    if (wait === null) return { outcome, tries, ambiguous }
    try {
      await options.sleep(wait)
    } catch {
      return { outcome: interruptedBefore, tries, ambiguous }
    }
  }
}
