import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { isLoopback } from '../../../src/platform/endpoint.ts'
import type { Fault } from '../../../src/platform/call.ts'
import { networkFault } from '../../../src/platform/network-fault.ts'
import { requireSecureTls } from '../../../src/platform/tls.ts'
import { fetchTo } from '../../../src/runtime/connection.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Secret } from '../../../src/model/secret.ts'

/** What sending needs from outside. */
export interface Sending {
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly now: () => number
  readonly pause: (time: Milliseconds) => Promise<void>
  /** Once it is aborted, no further try begins. */
  readonly stopping: AbortSignal
}

interface Post {
  readonly url: Secret
  readonly timeout: Milliseconds
  /** Called for each try: a signature holds the time. */
  readonly request: () => { readonly body: string; readonly headers: Readonly<Record<string, string>> }
}

/** Before each further try. */
const pauses: readonly Milliseconds[] = [second, 4 * second]
/** Nobody reads more of an answer. */
const mostOfAnswer = 16_384

const words: Partial<Record<Fault['reason'], string>> = {
  dns: 'the name of its host was not found',
  refused: 'the connection was refused',
  tls: 'its certificate is not trusted, or TLS failed',
  timeout: 'no answer in time',
  proxy: 'the proxy refused to connect',
  redirect: 'it redirects elsewhere, which is not followed',
}

interface Try {
  /** Null: it arrived. */
  readonly trouble: string | null
  readonly again: boolean
}

/** Reads an answer to its end, so that the connection can be used again, or gives up where it is long. */
async function drain(answer: Response): Promise<void> {
  let left = mostOfAnswer
  for await (const chunk of answer.body ?? []) {
    left -= (chunk as Uint8Array).length
    if (left < 0) break
  }
}

async function tryOnce(
  { url, timeout, request }: Post,
  send: (request: Request) => Promise<Response>,
  version: string,
): Promise<Try> {
  const { body, headers } = request()
  try {
    const answer = await send(
      new Request(url.reveal(), {
        ...{ method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(timeout) },
        headers: { 'content-type': 'application/json', 'user-agent': `fluxloop-keys/${version}`, ...headers },
      }),
    )
    // What counts is the status: an answer that breaks off later was an answer.
    await drain(answer).catch(() => undefined)
    if (answer.ok) return { trouble: null, again: false }
    const { status } = answer
    // A proxy's fetch hands a redirect over instead of failing.
    if (status >= 300 && status < 400) return { trouble: words.redirect ?? '', again: false }
    return { trouble: `HTTP ${status}`, again: status >= 500 || status === 429 || status === 408 }
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    const { reason } = networkFault(cause)
    // Nothing of the error is quoted: it may hold the address.
    const trouble = words[isLate ? 'timeout' : reason] ?? 'the connection broke'
    return { trouble, again: reason !== 'redirect' && reason !== 'tls' }
  }
}

/** Throws a `Failure` unless the address is https, or http on this machine. Its text is not shown. */
function checkedAddress(url: Secret, env: Sending['env']): string {
  const text = url.reveal()
  const parsed = URL.canParse(text) ? new URL(text) : null
  const isSafe =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname))
  if (!isSafe) throw new Failure('configuration', 'its address is not an https URL')
  requireSecureTls(text, env, false)
  return text
}

/**
 * Posts JSON, three times at most. Rejects with a `Failure` that says why it did not arrive, without the address; `network`: nobody is
 * there, or asks for a later call.
 */
export async function post(what: Post, sending: Sending): Promise<void> {
  const network = await fetchTo(checkedAddress(what.url, sending.env), sending.env)
  try {
    for (let tried = 0; ; tried += 1) {
      const { trouble, again } = await tryOnce(what, network.fetch, sending.version)
      if (trouble === null) return
      const wait = pauses[tried]
      if (!again) throw new Failure('failed', trouble)
      if (wait === undefined || sending.stopping.aborted) throw new Failure('network', trouble)
      await sending.pause(wait)
    }
  } finally {
    network.close()
  }
}
