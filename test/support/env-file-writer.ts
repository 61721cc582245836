// Sets many variables in one env file: the test runs two of these at once.
import { Secret } from '../../src/model/secret.ts'
import { createStores } from '../../src/stores/open.ts'

const [path = '', prefix = '', count = ''] = process.argv.slice(2)
const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
for (let index = 0; index < Number(count); index += 1) {
  const store = stores.open({ kind: 'env-file', path, name: `${prefix}_${index}`, declaredIn: '/srv' })
  await store.put(new Secret(`flux_ci_${prefix}${index}`))
}
