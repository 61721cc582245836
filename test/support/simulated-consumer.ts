import { request } from 'node:http'

/** What a program does with a secret, from an address of its own: loopback has more than one. */
export interface Deed {
  readonly secret: string
  /** `127.0.0.2` and so on. */
  readonly from: string
  readonly userAgent: string
  /** `POST /api/sync/pull` */
  readonly call: string
  readonly body?: object
}

/** Sends one request over HTTP, from that address. Resolves to the status of the answer. */
export function act(url: string, { secret, from, userAgent, call, body }: Deed): Promise<number> {
  const [method = 'GET', path = '/'] = call.split(' ')
  const content = body === undefined ? '' : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, url),
      {
        method,
        localAddress: from,
        headers: {
          authorization: `Bearer ${secret}`,
          'user-agent': userAgent,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
        },
      },
      answer => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    sent.on('error', reject)
    sent.end(content)
  })
}
