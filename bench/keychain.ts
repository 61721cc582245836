// Puts secrets into the keychain of the session that it runs in, and prints what that took without the start, as JSON. `store`: as a delivery
// puts them, by the process that has the keychain. `binding`: the library's own sets and gets, and nothing else.
// Usage: keychain.ts store|binding COUNT
import { resolve } from 'node:path'
import { AsyncEntry } from '@napi-rs/keyring'
import { Secret } from '../src/model/secret.ts'
import { createStores } from '../src/stores/open.ts'
import type { Measured } from './measure.ts'

const [mode, count = '0'] = process.argv.slice(2)
const service = `fluxloop-bench-${mode}`
const secretOf = (index: number) => `flux_ci_${String(index).padStart(32, '0')}`

async function byStores(): Promise<Measured> {
  const helper = resolve('dist/keychain-helper.js')
  const keychainHelper = { command: process.execPath, args: [helper] }
  const stores = createStores({ env: process.env, keychainHelper })
  try {
    // The process is started once a run, however many keys there are.
    await stores.keychainWorks()
    return await measured(async index => {
      const store = stores.open({ kind: 'keychain', service, account: `bench/${index}`, fallback: null })
      await store.put(new Secret(secretOf(index)))
    })
  } finally {
    await stores.close()
  }
}

async function byBinding(): Promise<Measured> {
  return await measured(async index => {
    const entry = new AsyncEntry(service, `bench/${index}`, { linux: { store: 'secret-service' } })
    await entry.setPassword(secretOf(index))
    if ((await entry.getPassword()) !== secretOf(index))
      throw new Error('The keychain gave another secret back')
  })
}

async function measured(put: (index: number) => Promise<void>): Promise<Measured> {
  const [start, used] = [process.hrtime.bigint(), process.cpuUsage()]
  for (let index = 0; index < Number(count); index++) await put(index)
  const { user, system } = process.cpuUsage(used)
  return {
    milliseconds: Number(process.hrtime.bigint() - start) / 1e6,
    processor: (user + system) / 1e3,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }
}

console.log(JSON.stringify(await (mode === 'store' ? byStores() : byBinding())))
