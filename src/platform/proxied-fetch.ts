import { ProxyAgent, fetch } from 'undici'
import type { Proxy } from './proxy.ts'

/**
 * A fetch that goes through a proxy, which opens a tunnel and sees nothing of what is sent. Node 20's own fetch knows no
 * proxy. It is loaded only where there is one.
 */
export function proxiedFetch({ url, authorization }: Proxy): {
  readonly fetch: (request: Request) => Promise<Response>
  readonly close: () => void
} {
  const agent = new ProxyAgent({
    uri: url,
    ...(authorization === null ? {} : { token: authorization.reveal() }),
  })
  return {
    fetch: async request => {
      const body = request.body === null ? null : await request.text()
      const answer = await fetch(request.url, {
        method: request.method,
        headers: [...request.headers],
        body,
        redirect: request.redirect,
        signal: request.signal,
        dispatcher: agent,
      })
      // undici has classes of its own, which Node's are not instances of.
      return new Response(answer.body, { status: answer.status, headers: [...answer.headers] })
    },
    close: () => {
      agent.destroy().catch(() => undefined)
    },
  }
}
