export type BoundedText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'not-utf8' }

/** Reads an answer up to `maximum` bytes, counted after decompression: a small answer may unfold into a huge one. */
export async function readBounded(response: Response, maximum: number): Promise<BoundedText> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body !== null) {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > maximum) {
        // The connection is given up, and whatever that says no longer matters.
        reader.cancel().catch(() => undefined)
        return { kind: 'too-large' }
      }
      chunks.push(value)
    }
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) }
  } catch {
    return { kind: 'not-utf8' }
  }
}
