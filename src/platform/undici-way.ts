import { Agent, DecoratorHandler, type Dispatcher, ProxyAgent, fetch } from 'undici'
import type { Proxy } from './proxy.ts'
import { type Transport, overLeasedFetch } from './transport.ts'

async function send(request: Request, dispatcher: Dispatcher): Promise<Response> {
  const body = request.body === null ? null : await request.text()
  const answer = await fetch(request.url, {
    method: request.method,
    headers: [...request.headers],
    body,
    redirect: request.redirect,
    signal: request.signal,
    dispatcher,
  })
  // undici has classes of its own, which Node's are not instances of.
  return new Response(answer.body, { status: answer.status, headers: [...answer.headers] })
}

/** Asks for the lease of a write each time that a connection is there, right before it is sent on it. */
async function sendLeased(
  request: Request,
  requireLease: () => void,
  dispatcher: Dispatcher,
): Promise<Response> {
  const lost: unknown[] = []
  const ask = () => {
    try {
      requireLease()
    } catch (cause) {
      lost.push(cause)
      throw cause
    }
  }
  const asking = dispatcher.compose(next => (options, handler) => {
    const start: Dispatcher.DispatchHandler['onRequestStart'] = (...started) => {
      ask()
      handler.onRequestStart?.(...started)
    }
    return next(options, Object.assign(new DecoratorHandler(handler), { onRequestStart: start }))
  })
  try {
    return await send(request, asking)
  } catch (cause) {
    throw lost[0] ?? cause
  }
}

/**
 * The network by way of undici, which Node's own `fetch` is: with a proxy, which opens a tunnel and sees nothing of what is sent, since Node
 * 20's knows none, or without one. It is loaded only where it is needed.
 */
export function undiciWay(proxy: Proxy | null): {
  readonly fetch: (request: Request) => Promise<Response>
  readonly transport: Transport
  readonly close: () => void
} {
  const agent =
    proxy === null
      ? new Agent()
      : new ProxyAgent({
          uri: proxy.url,
          ...(proxy.authorization === null ? {} : { token: proxy.authorization.reveal() }),
        })
  return {
    fetch: request => send(request, agent),
    transport: overLeasedFetch((request, requireLease) => sendLeased(request, requireLease, agent)),
    close: () => {
      agent.destroy().catch(() => undefined)
    },
  }
}
