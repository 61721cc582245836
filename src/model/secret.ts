import { inspect } from 'node:util'
import { SecretSearch } from './secret-search.ts'

const redacted = '[secret]'

/**
 * What this process ever had as a `Secret`, so that no caller of `holdsSecret` can forget one: a program that fails for one key
 * may print another's. A server that sees ever new ones forgets the oldest.
 */
const known = new Set<string>()
const mostKnown = 5_000

let search: SecretSearch | null = null

function remember(value: string): void {
  if (value === '' || known.has(value)) return
  known.add(value)
  search?.add(value)
  const [oldest] = known
  if (known.size <= mostKnown || oldest === undefined) return
  known.delete(oldest)
  search = null
}

function searchFor(values: Iterable<string>): SecretSearch {
  const made = new SecretSearch()
  for (const value of values) made.add(value)
  return made
}

/** Does any secret that this run has, or had, stand in a text of somebody else's? */
export function holdsSecret(text: string): boolean {
  search ??= searchFor(known)
  return search.finds(text)
}

/**
 * An API key's secret (`flux_ci_...`), which the platform shows once.
 *
 * Every way in which a value turns into text by accident is redacted: `String()`, template literals, `JSON`, `inspect`
 * and logs. Only `reveal()` gives the secret, and only three places may call it: a store's `put`, the
 * Authorization header, and an output that the user asked for by name.
 */
export class Secret {
  readonly #value: string
  #search: SecretSearch | null = null

  constructor(value: string) {
    this.#value = value
    remember(value)
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

  /** Does it begin like that? What keys begin with is not a secret. */
  beginsWith(prefix: string): boolean {
    return this.#value.startsWith(prefix)
  }

  /** Does the secret, or a long enough part of it, stand in this text, in whatever form: encoded, escaped, reversed, wrapped? */
  standsIn(text: string): boolean {
    this.#search ??= searchFor([this.#value])
    return this.#search.finds(text)
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
