import { type Milliseconds, second } from '../model/duration.ts'
import type { Fault } from '../platform/call.ts'
import { networkFault } from '../platform/network-fault.ts'
import { fetchTo } from './connection.ts'

/** What a heartbeat needs from outside. */
export interface HeartbeatSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly pause: (time: Milliseconds) => Promise<void>
}

/** Before each further try. Together with the limit of each try, all is over within 18 seconds. */
const pauses: readonly Milliseconds[] = [second, 2 * second]
const patience: Milliseconds = 5 * second

const words: Partial<Record<Fault['reason'], string>> = {
  dns: 'the name of its host was not found',
  refused: 'the connection was refused',
  tls: 'its certificate is not trusted, or TLS failed',
  timeout: `no answer within ${patience / second} seconds`,
  proxy: 'the proxy refused to connect',
  redirect: 'it redirects elsewhere, which is not followed',
}

interface Try {
  /** Null: it arrived. */
  readonly trouble: string | null
  readonly again: boolean
}

async function tryOnce(
  url: URL,
  send: (request: Request) => Promise<Response>,
  version: string,
): Promise<Try> {
  try {
    const answer = await send(
      // No credential and nothing of the run: that somebody asks for the address is the whole message.
      new Request(url, {
        headers: { 'user-agent': `fluxloop-keys/${version}` },
        redirect: 'error',
        signal: AbortSignal.timeout(patience),
      }),
    )
    await answer.body?.cancel()
    if (answer.ok) return { trouble: null, again: false }
    return { trouble: `HTTP ${answer.status}`, again: answer.status >= 500 || answer.status === 429 }
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    const { reason } = networkFault(cause)
    // Nothing of the error is quoted: it may hold the address.
    const trouble = words[isLate ? 'timeout' : reason] ?? 'the connection broke'
    return { trouble, again: reason !== 'redirect' && reason !== 'tls' }
  }
}

/** Asks for the address, three times at most. Resolves to what was wrong in words, without the address; null: it arrived. */
export async function sendHeartbeat(
  url: URL,
  { env, version, pause }: HeartbeatSurroundings,
): Promise<string | null> {
  const network = await fetchTo(url.href, env)
  try {
    for (let tried = 0; ; tried += 1) {
      const { trouble, again } = await tryOnce(url, network.fetch, version)
      const wait = pauses[tried]
      if (trouble === null || !again || wait === undefined) return trouble
      await pause(wait)
    }
  } finally {
    network.close()
  }
}
