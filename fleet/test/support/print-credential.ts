// What the test of credentials runs inside a keyring's session of its own: it prints the secret's end, or what failed.
import { execFileSync } from 'node:child_process'
import { Failure } from '../../../src/model/failure.ts'
import { createStores } from '../../../src/stores/open.ts'
import { resolveCredential } from '../../src/file/resolve-credential.ts'

const [account = ''] = process.argv.slice(2)
execFileSync('secret-tool', ['store', '--label=x', 'service', 'fleet', 'username', 'acme'], {
  input: 'flux_prod_from-the-keychain',
})
const stores = createStores({
  env: process.env,
  keychainHelper: { command: process.execPath, args: ['dist/keychain-helper.js'] },
})
try {
  const surroundings = { env: {}, stores: () => Promise.resolve(stores) }
  const secret = await resolveCredential({ kind: 'keychain', service: 'fleet', account }, surroundings)
  process.stdout.write(secret.end(12))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stdout.write(error.message)
}
await stores.close()
