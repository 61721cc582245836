import type { ReadableStream } from 'node:stream/web'
import { HttpError } from './http-error.ts'

/** The largest body that is read, in bytes. */
export const largestBody = 1024 * 1024

/** The bytes of a request's body. Throws a 413 as soon as there are too many. */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const body = request.body as ReadableStream<Uint8Array>
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.length
    if (size > largestBody) {
      await reader.cancel()
      throw new HttpError(413, { detail: `The body is larger than ${largestBody} bytes` })
    }
    chunks.push(value)
  }
}
