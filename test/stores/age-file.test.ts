import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { createStores } from '../../src/stores/open.ts'
import { failed, folder } from '../support/failed.ts'
import { needs } from '../support/needs.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
const secret = new Secret('flux_ci_sentinel')

const ageSpec = (path: string, identity: string | null, recipients: string[] = []): StoreSpec => ({
  kind: 'age-file',
  declaredIn: '/srv',
  path,
  identity,
  recipients,
  shared: false,
})
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

t.test('writes age files that the age program reads, and reads what it wrote', async t => {
  if (!needs(t, 'age') || !needs(t, 'age-keygen')) return
  const root = folder(t)
  const [one, two, both] = ['one.txt', 'two.txt', 'both.txt'].map(file => join(root, file)) as [
    string,
    string,
    string,
  ]
  for (const identity of [one, two]) execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' })
  writeFileSync(both, `# mine\n\n${readFileSync(one, 'utf8')}\r\n${readFileSync(two, 'utf8')}`)
  const recipient = (identity: string): string =>
    execFileSync('age-keygen', ['-y', identity]).toString().trim()
  const decrypt = (path: string, identity: string): string =>
    execFileSync('age', ['-d', '-i', identity, path], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()

  const path = join(root, 'keys', 'ci.age')
  const store = stores.open(ageSpec(path, both))
  await store.probe()
  t.notOk(existsSync(join(root, 'keys')), 'a probe leaves nothing')
  t.equal(await store.get(), null)
  t.equal(await store.put(secret), `age-file ${path}`)
  for (const identity of [one, two])
    t.equal(decrypt(path, identity), 'flux_ci_sentinel\n', 'to each of its own')
  t.match(readFileSync(path, 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----\n/)
  t.equal(mode(path), '600')
  t.strictSame(readdirSync(join(root, 'keys')), ['ci.age'])

  for (const flags of [['-a'], []]) {
    execFileSync('age', [...flags, '-r', recipient(two), '-o', path], { input: 'flux_ci_by-age\n' })
    t.equal((await store.get())?.reveal(), 'flux_ci_by-age')
  }
  t.match(await failed(stores.open(ageSpec(path, one)).get()), { message: /cannot be decrypted/ })
  writeFileSync(path, 'flux_ci_sentinel in the clear')
  t.match(await failed(store.get()), { message: /cannot be decrypted/ })
  t.match(await failed(store.remove()), { code: 'refused', message: /is not an age file/ })
  rmSync(path)
  await store.put(secret)
  await store.remove()
  await store.remove()
  t.notOk(existsSync(path))

  const sealed = stores.open(ageSpec(path, null, [recipient(one)]))
  t.equal(sealed.readable, false)
  await sealed.probe()
  await sealed.put(secret)
  t.equal(decrypt(path, one), 'flux_ci_sentinel\n')
  const foreign = stores.open(ageSpec(path, two, [recipient(one)]))
  t.match(await failed(foreign.probe()), {
    message: /identity is none of its recipients/,
    hints: [/age-keygen -y/],
  })
})

t.test('says how to get an identity or recipient where there is none or a wrong one', async t => {
  const root = folder(t)
  const at = (file: string, text: string): string => {
    writeFileSync(join(root, file), text)
    return join(root, file)
  }
  const path = join(root, 'x.age')
  const pipe = join(root, 'pipe')
  execFileSync('mkfifo', [pipe])
  const key = 'AGE-SECRET-KEY-1SENTINEL'.toLowerCase()
  const cases: readonly (readonly [StoreSpec, RegExp, RegExp])[] = [
    [ageSpec(path, null), /names nobody/, /age-keygen -o/],
    [ageSpec(path, join(root, 'missing')), /no age identity at/, /age-keygen -o/],
    [ageSpec(path, pipe), /pipe is not a regular file/, /a pipe or a device is not read/],
    [ageSpec(path, '/dev/zero'), /zero is not a regular file/, /a pipe or a device is not read/],
    [ageSpec(path, at('large', '#'.repeat(2_000_000))), /is larger than 1 MB/, /private key/],
    [ageSpec(path, at('empty', '# nothing\n')), /holds no age identity/, /age-keygen -o/],
    [ageSpec(path, at('wrong', `# x\n${key}\n`)), /Line 2 of/, /AGE-SECRET-KEY-1/],
    [ageSpec(path, at('locked', 'age-encryption.org/v1\n')), /itself encrypted/, /no passphrase/],
    [ageSpec(path, null, ['ssh-ed25519 AAAA']), /"ssh-ed25519 AAAA" is not an age recipient/, /age1/],
  ]
  for (const [spec, message, hint] of cases) {
    const store = stores.open(spec)
    for (const failure of [await failed(store.probe()), await failed(store.put(secret))]) {
      t.match(failure.message, message)
      t.match(failure.hints.join(), hint)
    }
  }
  t.notOk(existsSync(path))
})
