import { inspect } from 'node:util'

const redacted = '[secret]'

/**
 * An API key's secret (`flux_ci_...`), which the platform shows once.
 *
 * Every way in which a value turns into text by accident is redacted: `String()`, template literals, `JSON`, `inspect`
 * and logs. Only `reveal()` gives the secret, and only three places may call it: a store's `put`, the
 * Authorization header, and an output that the user asked for by name.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /** Looks at every character, so that its time does not tell how much two secrets share. */
  equals(other: Secret): boolean {
    const [own, given] = [this.#value, other.#value]
    let difference = own.length ^ given.length
    for (let index = 0; index < own.length; index++)
      difference |= own.charCodeAt(index) ^ given.charCodeAt(index)
    return difference === 0
  }

  /** Is it visible ASCII and nothing else, as secrets of keys are, and no command to a CI runner? */
  isPlain(): boolean {
    return /^(?!::)(?!.*##[\w.-]*\[)[!-~]{1,8192}$/.test(this.#value)
  }

  /** The last `length` characters: what a masked key shows of it. */
  end(length: number): string {
    return length <= 0 ? '' : this.#value.slice(-length)
  }

  /** A text of somebody else's, with the secret taken out of it, also where it stands encoded. */
  censor(text: string): string {
    const bytes = Buffer.from(this.#value)
    const forms = [
      this.#value,
      ...['base64', 'base64url', 'hex'].map(form => bytes.toString(form as BufferEncoding)),
      ...[Buffer.concat([bytes, Buffer.from('\n')]).toString('base64'), encodeURIComponent(this.#value)],
    ]
    return forms.reduce((left, form) => left.replaceAll(form, redacted), text)
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [Symbol.toPrimitive](): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}
