import { Agent, DecoratorHandler, type Dispatcher, ProxyAgent, fetch } from 'undici'
import type { Proxy } from './proxy.ts'
import { type Transport, overLeasedFetch } from './transport.ts'

/** Asks for the lease of a write each time that its connection is there, right before it is sent on it. */
class AskingHandler extends DecoratorHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #requireLease: () => void

  constructor(handler: Dispatcher.DispatchHandler, requireLease: () => void) {
    super(handler)
    this.#handler = handler
    this.#requireLease = requireLease
  }

  onRequestStart(...started: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>): void {
    this.#requireLease()
    this.#handler.onRequestStart?.(...started)
  }
}

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
    return next(options, new AskingHandler(handler, ask))
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
