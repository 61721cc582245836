/** One request, as it goes over the wire. */
export interface Outgoing {
  readonly method: string
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly signal: AbortSignal
  /**
   * Throws where another run may write by now; absent: it may always be sent. Whatever sends the request asks once nothing is left to wait
   * for, since a process may be paused during any wait.
   */
  readonly requireLease?: () => void
}

/** The head of an answer, and its body as it comes in, decompressed. Who does not read the body to its end gives the connection up. */
export interface Incoming {
  readonly status: number
  /** A header that came several times is one text, with commas. Null where it is missing. */
  readonly header: (name: string) => string | null
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Makes one try of one request, and follows no redirect: that could carry the credential and the idempotency key to another origin.
 * Rejects with `BadHeader`, or with what `requireLease` throws, before anything is sent, or with an error of the network.
 */
export type Transport = (outgoing: Outgoing) => Promise<Incoming>

/** A header cannot be sent: a credential with a line break in it, say. */
export class BadHeader extends Error {}

/** Another run may write by now, so this one does not. */
export class LeaseLost extends Error {}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // Whatever giving it up says no longer matters.
    reader.cancel().catch(() => undefined)
  }
}

function requestOf({ method, url, headers, body, signal }: Outgoing): Request {
  try {
    return new Request(url, { method, headers, body, redirect: 'error', signal })
  } catch {
    throw new BadHeader()
  }
}

/** What answers as `fetch` does, and for which nothing has to be waited before it has the request: a sandbox in this process. */
export function overFetch(fetch: (request: Request) => Promise<Response>): Transport {
  return overLeasedFetch((request, requireLease) => {
    requireLease()
    return fetch(request)
  })
}

/** Likewise what asks for the lease by itself, as late as it can. */
export function overLeasedFetch(
  fetch: (request: Request, requireLease: () => void) => Promise<Response>,
): Transport {
  return async outgoing => {
    const { requireLease = () => undefined } = outgoing
    const { status, headers, body } = await fetch(requestOf(outgoing), requireLease)
    return { status, header: name => headers.get(name), body: chunksOf(body) }
  }
}
