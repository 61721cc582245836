const utf8 = new TextEncoder()

const prime = 0x01000193

/** What FNV-1a has of a text that may go on. */
function hashSoFar(text: string): number {
  let hash = 0x811c9dc5
  let index = 0
  // ASCII, which most texts are, needs no encoder.
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 127) break
    hash = Math.imul(hash ^ code, prime)
  }
  if (index < text.length) {
    for (const byte of utf8.encode(text.slice(index))) hash = Math.imul(hash ^ byte, prime)
  }
  return hash
}

function finallyMixed(soFar: number): number {
  let hash = soFar
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const inDigits = (hash: number): string => hash.toString(16).padStart(8, '0')

/**
 * FNV-1a with 32 bits and a final mix, for short fingerprints inside markers. It tells apart what people wrote; it does not guard
 * against anyone who looks for a collision, and no secret ever goes in.
 */
export function hashNumber(text: string): number {
  return finallyMixed(hashSoFar(text))
}

/** `digits` (at most 8) hexadecimal digits that stand for `text`. */
export function shortHash(text: string, digits: number): string {
  return inDigits(hashNumber(text)).slice(0, digits)
}

/** 16 hexadecimal digits that stand for `text`: the hash of it, and that of it with a line feed behind it. */
export function longHash(text: string): string {
  const soFar = hashSoFar(text)
  const lineFeed = 0x0a
  return inDigits(finallyMixed(soFar)) + inDigits(finallyMixed(Math.imul(soFar ^ lineFeed, prime)))
}
