// What the keychain test runs inside a session of its own. It prints one line of JSON.
import { execFileSync, spawnSync } from 'node:child_process'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { createStores } from '../../src/stores/open.ts'

const [scenario = '', account = '', fallbackPath = ''] = process.argv.slice(2)
const fallback: StoreSpec | null =
  fallbackPath === ''
    ? null
    : { kind: 'env-file', path: fallbackPath, name: 'FLUXLOOP_API_KEY', declaredIn: '/srv' }
const spec: StoreSpec = { kind: 'keychain', service: 'fluxloop-test', account, fallback }

const stores = createStores({
  env: process.env,
  keychainHelper: { command: process.execPath, args: ['dist/keychain-helper.js'] },
})

function lookup(): string {
  return spawnSync('secret-tool', [
    'lookup',
    'service',
    'fluxloop-test',
    'username',
    account,
  ]).stdout.toString()
}

async function failureOf(
  work: Promise<unknown>,
): Promise<{ message: string; hints: readonly string[] } | null> {
  try {
    await work
    return null
  } catch (error) {
    if (error instanceof Failure) return { message: error.message, hints: error.hints }
    throw error
  }
}

async function scenarios(): Promise<unknown> {
  const store = stores.open(spec)
  switch (scenario) {
    case 'full': {
      const before = await store.get()
      await store.probe()
      const place = await store.put(new Secret('flux_ci_stored'))
      const seen = lookup()
      execFileSync('secret-tool', ['store', '--label=x', 'service', 'fluxloop-test', 'username', account], {
        input: 'flux_ci_by-hand',
      })
      const left = spawnSync('secret-tool', ['search', '--all', 'service', 'fluxloop-keys-probe'])
      const byHand = (await store.get())?.reveal()
      await store.remove()
      await store.remove()
      return {
        before,
        place,
        seen,
        byHand,
        after: await store.get(),
        gone: lookup(),
        probeLeft: left.stdout.toString() + left.stderr.toString(),
      }
    }
    case 'put':
      return {
        place: await store.put(new Secret('flux_ci_new')),
        seen: lookup(),
        got: (await store.get())?.reveal(),
      }
    case 'get':
      return { got: (await store.get())?.reveal() ?? null }
    case 'fail':
      return {
        probe: await failureOf(store.probe()),
        put: await failureOf(store.put(new Secret('flux_ci_sentinel'))),
        get: await failureOf(store.get()),
      }
    default:
      throw new Error(`no scenario ${scenario}`)
  }
}

process.stdout.write(`${JSON.stringify(await scenarios())}\n`)
await stores.close()
