/** Encodings in encodings, such as base64 in JSON in a URL: deeper than any message goes. */
const deepest = 3

/** Shorter runs decode to less than what counts as a secret. */
const base64Runs = /[A-Za-z0-9+/_-]{12,}/g
const hexRuns = /[0-9a-f]{16,}/gi
const base32Runs = /[A-Z2-7]{16,}/gi

/** Colours and the like. What stands in other escape sequences is text that a message may show, so those stay. */
const colours = /\u001b\[[0-?]*[ -/]*[@-~]/g

/** White space, control characters and characters without width: what programs wrap lines with, and UTF-16 has between letters. */
const between = /[\s\p{Cc}\p{Cf}]+/gu

function squeezed(text: string): string {
  return text.replace(colours, '').replace(between, '')
}

/** `0x66, 0x6c`, `66:6c` and rows of a dump as one run of digits. */
function joinedHex(text: string): string {
  return text.replace(/0x|\\x|[\s:,;.-]+/gi, '')
}

const short: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function character(digits: string, base: number): string {
  const code = Number.parseInt(digits, base)
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

/** Escapes of URLs, JSON, shells and C, HTML and mail; each alone, since programs escape only what they think they must. */
const escapes =
  /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|\\([0-3][0-7]{2})|\\(\r?\n|[^\n])|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos);|=([0-9a-f]{2})|=(\r?\n)/gi

function unescaped(text: string): string {
  return text.replace(escapes, (_, ...groups: readonly (string | undefined)[]) => {
    const [percent, unicode, braced, hex, octal, plain, htmlHex, html, named, mail] = groups
    const sixteen = percent ?? unicode ?? braced ?? hex ?? htmlHex ?? mail
    if (sixteen !== undefined) return character(sixteen, 16)
    if (octal !== undefined) return character(octal, 8)
    if (html !== undefined) return character(html, 10)
    if (named !== undefined) return short[named.toLowerCase()] ?? ''
    // Line breaks and tabs, escaped or after a backslash or `=`, only wrap a text.
    return plain === undefined || /^[bfnrt\s]/.test(plain) ? '' : plain
  })
}

function reversed(text: string): string {
  return text.split('').reverse().join('')
}

/** Every run, read from each of the places at which a group may begin: what stands before it belongs to something else. */
function decoded(
  text: string,
  runs: RegExp,
  group: number,
  decode: (run: string) => string,
): readonly string[] {
  const found = text.match(runs)
  if (found === null) return []
  return Array.from({ length: group }, (_, start) => found.map(run => decode(run.slice(start))).join('\n'))
}

const fromBase64 = (run: string) => Buffer.from(run, 'base64').toString('latin1')
const fromHex = (run: string) => Buffer.from(run.slice(0, run.length & ~1), 'hex').toString('latin1')

function fromBase32(run: string): string {
  const bytes = Buffer.alloc(Math.floor((run.length * 5) / 8))
  let [buffer, bits, size] = [0, 0, 0]
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at) & 0x5f
    // Letters lose their case by the mask; digits become 0x12 to 0x17.
    buffer = ((buffer << 5) | (code >= 0x41 ? code - 0x41 : code - 0x12 + 26)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[size++] = (buffer >> bits) & 0xff
  }
  return bytes.toString('latin1')
}

function decodings(text: string): readonly string[] {
  return [...decoded(text, base64Runs, 4, fromBase64), ...decoded(joinedHex(text), hexRuns, 2, fromHex)]
}

/**
 * The text itself and what it says once it is decoded: without escapes, out of base64, base32 and hex in every alignment, also
 * backwards, each also with all white space taken out, and all this of what came out, too.
 */
export function* encodedTexts(text: string): Generator<string> {
  const seen = new Set<string>()
  let level: readonly string[] = [text]
  for (let depth = 0; depth <= deepest; depth++) {
    const next: string[] = []
    for (const one of level) {
      for (const form of [one, squeezed(one)]) {
        if (seen.has(form)) continue
        seen.add(form)
        yield form
        if (depth === deepest) continue
        const forwards = [...decodings(form), ...decoded(form, base32Runs, 8, fromBase32)]
        const plain = unescaped(form)
        next.push(...(plain === form ? [] : [plain]), ...forwards, ...decodings(reversed(form)))
      }
    }
    level = next
  }
}
