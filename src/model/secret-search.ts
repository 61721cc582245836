import { encodedTexts } from './encoded-texts.ts'

/** A run of that many letters and digits of a secret counts as the secret: programs cut long lines, and dump bytes in rows. */
const shortestRun = 12

/** Every run holds one of these at a place that is looked at. */
const part = 8
const stride = shortestRun - part + 1

/** Without what stands between the letters: line breaks, quotes, borders of tables, the signs of a sum of strings. */
function folded(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '')
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('')
}

/** Visible text without brackets, quotes and colons: other values (a document, an address) share parts with texts that are not secret. */
const ofOnePiece = /^[\w.~+/=-]+$/

/** Finds secrets in a text, in whatever form they stand there. Time and memory grow with the text and with the secrets, not with both. */
export class SecretSearch {
  /** Added since a text was last searched: most runs make thousands of secrets, and search no text after that. */
  #waiting: string[] = []
  readonly #whole = new Set<string>()
  readonly #runs = new Set<string>()
  readonly #parts = new Set<string>()
  /** No encoding makes a text shorter, so that nothing stands in a shorter one. */
  #shortest = shortestRun

  add(secret: string): void {
    if (secret === '') return
    this.#shortest = Math.min(this.#shortest, secret.length)
    this.#waiting.push(secret)
  }

  #index(secret: string): void {
    // Bytes come out of an encoding as if each were a character.
    const bytes = Buffer.from(secret).toString('latin1')
    const letters = folded(secret)
    const inRuns = ofOnePiece.test(secret) && letters.length >= shortestRun
    for (const form of new Set([secret, bytes, reversed(secret), reversed(bytes)])) {
      if (!inRuns) this.#whole.add(form)
      // Of a value that is not looked for in parts: one with letters enough not to stand anywhere by chance.
      if (!inRuns && letters.length >= shortestRun) this.#whole.add(folded(form))
    }
    if (!inRuns) return
    for (const form of [letters, reversed(letters)]) {
      for (let at = 0; at + shortestRun <= form.length; at++) this.#runs.add(form.slice(at, at + shortestRun))
      for (let at = 0; at + part <= form.length; at++) this.#parts.add(form.slice(at, at + part))
    }
  }

  /** Does one of the secrets, or a long enough part of one, stand in this text: plain, encoded, escaped or reversed? */
  finds(text: string): boolean {
    if (text.length < this.#shortest) return false
    for (const secret of this.#waiting) this.#index(secret)
    this.#waiting = []
    for (const form of encodedTexts(text)) if (this.#standsIn(form)) return true
    return false
  }

  #standsIn(text: string): boolean {
    const letters = folded(text)
    for (const whole of this.#whole) if (text.includes(whole) || letters.includes(whole)) return true
    for (let at = 0; at + part <= letters.length; at += stride)
      if (this.#parts.has(letters.slice(at, at + part)) && this.#isRunAround(letters, at)) return true
    return false
  }

  #isRunAround(letters: string, at: number): boolean {
    for (let start = Math.max(0, at - stride + 1); start <= at; start++)
      if (this.#runs.has(letters.slice(start, start + shortestRun))) return true
    return false
  }
}
