// In the place of @napi-rs/keyring, with its interface: what the helper does on systems where no test runs. Entries are lines of a
// file; every entry that is opened is written down with its options. Given to Node with --import.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'

const here = JSON.stringify(import.meta.url)

register(
  `data:text/javascript,${encodeURIComponent(
    `export const resolve = (specifier, context, next) =>
       specifier === '@napi-rs/keyring' ? { url: ${here}, shortCircuit: true } : next(specifier, context)`,
  )}`,
)

const file = process.env['KEYRING_FILE'] ?? ''
const failure = process.env['KEYRING_FAILURE'] ?? ''

export class AsyncEntry {
  #name

  constructor(service, account, options) {
    this.#name = `${service}/${account}`
    appendFileSync(`${file}.opened`, `${JSON.stringify([service, account, options])}\n`)
  }

  #entries() {
    if (failure !== '') throw new Error(failure)
    return JSON.parse(readFileSync(file, 'utf8'))
  }

  async setPassword(password) {
    writeFileSync(file, JSON.stringify({ ...this.#entries(), [this.#name]: password }))
  }

  /** Resolves to undefined, as the binding really does, where its types say null. */
  async getPassword() {
    return this.#entries()[this.#name]
  }

  async deleteCredential() {
    const { [this.#name]: gone, ...rest } = this.#entries()
    writeFileSync(file, JSON.stringify(rest))
    return gone !== undefined
  }
}
