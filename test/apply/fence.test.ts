import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { fencedStores } from '../../src/apply/fence.ts'
import { second } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { withFileLock } from '../../src/stores/file-lock.ts'
import { createStores } from '../../src/stores/open.ts'
import { folder } from '../support/failed.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
const secret = new Secret('flux_ci_sentinel')

function leaseOf() {
  let isHeld = true
  return {
    lose: () => (isHeld = false),
    requireHeld: () => {
      if (!isHeld) throw new Failure('conflict', 'late')
    },
  }
}

/** The lease of a store's write ends right after the write began. */
async function putAndLose(spec: StoreSpec): Promise<unknown> {
  const lease = leaseOf()
  const putting = fencedStores(stores, lease.requireHeld).open(spec).put(secret)
  lease.lose()
  return await putting.then(
    () => null,
    (cause: unknown) => cause,
  )
}

t.test('writes nothing to a file whose lock was waited for until the lease ended', async t => {
  const path = join(folder(t), '.env')
  const spec: StoreSpec = { kind: 'env-file', path, name: 'KEY', declaredIn: dirname(path) }
  const putting: Promise<unknown>[] = []
  await withFileLock(path, async () => void putting.push(putAndLose(spec)))
  t.match(await Promise.all(putting), [{ code: 'conflict', message: 'late' }])
  t.notOk(existsSync(path))
  await fencedStores(stores, () => undefined)
    .open(spec)
    .put(secret)
  t.ok(existsSync(path), 'and writes as long as the lease is held')
})

t.test('starts no program of a store whose lease ended while it was looked for', async t => {
  const path = join(folder(t), 'put')
  const put = ['tee', path] as const
  const spec: StoreSpec = {
    kind: 'exec',
    put,
    get: null,
    remove: ['rm', path],
    timeout: 10 * second,
    local: false,
    trial: null,
  }
  t.match(await putAndLose(spec), { code: 'conflict', message: 'late' })
  t.notOk(existsSync(path))
})
