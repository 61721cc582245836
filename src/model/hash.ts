const utf8 = new TextEncoder()

/**
 * FNV-1a with 32 bits and a final mix, for short fingerprints inside markers. It tells apart what people wrote; it does not guard
 * against anyone who looks for a collision, and no secret ever goes in.
 */
export function hashNumber(text: string): number {
  let hash = 0x811c9dc5
  let index = 0
  // ASCII, which most texts are, needs no encoder.
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 127) break
    hash = Math.imul(hash ^ code, 0x01000193)
  }
  if (index < text.length) {
    for (const byte of utf8.encode(text.slice(index))) hash = Math.imul(hash ^ byte, 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** `digits` (at most 8) hexadecimal digits that stand for `text`. */
export function shortHash(text: string, digits: number): string {
  return hashNumber(text).toString(16).padStart(8, '0').slice(0, digits)
}
