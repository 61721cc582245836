export type BoundedText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'not-utf8' }

/** Reads an answer up to `maximum` bytes, counted after decompression: a small answer may unfold into a huge one. */
export async function readBounded(body: AsyncIterable<Uint8Array>, maximum: number): Promise<BoundedText> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    // The connection is given up.
    if (size > maximum) return { kind: 'too-large' }
    chunks.push(chunk)
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) }
  } catch {
    return { kind: 'not-utf8' }
  }
}
