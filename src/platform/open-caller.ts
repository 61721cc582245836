import { second } from '../model/duration.ts'
import type { Secret } from '../model/secret.ts'
import { trimEnd } from '../model/trim-end.ts'
import { type Answer, type Call, type Try, interruptedBefore, isAmbiguous } from './call.ts'
import { callFailure } from './errors.ts'
import { type Connection, sendOnce } from './http.ts'
import type { Pace } from './pace.ts'
import { tryRepeatedly } from './retry.ts'
import type { ClientOptions, WriteLease } from './types.ts'
import type { VersionRefusals } from './version-refusals.ts'

function connectionOf(options: ClientOptions, lease: () => WriteLease | null): Connection {
  const base = new URL(options.baseUrl)
  return {
    // Without credentials, query and fragment.
    baseUrl: trimEnd(`${base.origin}${base.pathname}`, '/'),
    userAgent: options.userAgent,
    transport: options.transport,
    now: options.now,
    timeout: options.timeoutMs ?? 30 * second,
    signal: options.signal,
    lease,
  }
}

/** What authenticates the client. */
export interface Sender {
  readonly secret: Secret
  /** Where it came from, for people. */
  readonly source: string
  readonly isLogin: boolean
}

/** Makes one call, with its retries: resolves to an answer of success, or rejects with what it means. */
export function openCaller(
  options: ClientOptions,
  credential: () => Sender,
  pace: Pace,
  refusals: VersionRefusals,
  lease: () => WriteLease | null,
  onTry: () => void,
): (call: Call, as: Secret | null) => Promise<Answer> {
  const connection = connectionOf(options, lease)
  const { maxTries = 5, maxWaitMs: maxWait = 60 * second } = options
  let hasAnswered = false
  let isPlatform = false
  return async (asked, as) => {
    let call = asked
    let mayBeDone = false
    const once = async (tryNumber: number, secret: Secret) => {
      onTry()
      if (!mayBeDone) call = { ...call, ...asked.renew?.() }
      const start = options.now()
      const outcome = await sendOnce(call, secret, connection)
      mayBeDone ||= isAmbiguous(call, outcome)
      hasAnswered ||= outcome.kind === 'answer'
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
        const outcome = await once(tryNumber, credential().secret)
        if (!pace.saw(outcome, waits)) return outcome
      }
    }
    const sleep = (milliseconds: number) => options.sleep(milliseconds, options.signal)
    const policy = { maxTries, maxWait, hasAnswered }
    const attempts = await tryRepeatedly(call, send, { policy, random: options.random, sleep })
    const { outcome } = attempts
    // A try whose answer was lost may be what moved the version.
    const versionRefused = refusals.saw(call, outcome) && !attempts.ambiguous
    if (outcome.kind === 'answer' && outcome.status < 300) {
      isPlatform = true
      return outcome
    }
    const { baseUrl, timeout } = connection
    const { now, timeZone = 'UTC', proxy = null } = options
    const { source, isLogin } =
      as === null ? credential() : { source: 'the secret that was to be tried', isLogin: false }
    const words = { sentWith: source, isLogin, versionRefused, isPlatform }
    throw callFailure(attempts, { call, baseUrl, timeout, now: now(), timeZone, proxy, ...words })
  }
}
