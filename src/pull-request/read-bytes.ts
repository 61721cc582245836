/** The body of an answer; null where it has more than `largest` bytes, counted after decompression. */
export async function readBytes(response: Response, largest: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body === null) return new Uint8Array()
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > largest) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
}
