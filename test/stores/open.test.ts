// What stores do together.
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import type { StoreSpec } from '../../src/model/store.ts'
import { removeDrafts } from '../../src/stores/drafts.ts'
import { createStores } from '../../src/stores/open.ts'
import { folder } from '../support/failed.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })

const envFiles = (root: string, paths: readonly string[]): readonly StoreSpec[] =>
  paths.map((path, index) => ({ kind: 'env-file', declaredIn: root, path, name: `K${index}` }))

let ends = 0

/** The names in a folder that came or went, in that order, once `act` has ended. */
async function changedIn(t: Test, folder: string, act: () => unknown): Promise<readonly string[]> {
  const names: string[] = []
  const end = `.last-${(ends += 1)}`
  const ended = new Promise<void>(resolve => {
    const watcher = watch(folder, (kind, name) => {
      if (kind !== 'rename' || name === null) return
      if (name !== end) return void names.push(name)
      watcher.close()
      resolve()
    })
    t.teardown(() => watcher.close())
  })
  await act()
  writeFileSync(join(folder, end), '')
  await ended
  rmSync(join(folder, end))
  return names
}

t.test('probes each backend once, and answers for every store', async t => {
  const root = folder(t)
  const good = join(root, '.env')
  const bad = join(root, 'open.env')
  writeFileSync(bad, '')
  chmodSync(bad, 0o666)
  const specs = envFiles(root, [good, good, bad, bad])
  const result = [...(await stores.probe(specs)).values()]
  t.strictSame(
    result.map(failure => failure?.code ?? null),
    [null, null, 'refused', 'refused'],
  )
  t.equal(result[2], result[3], 'one look, one failure')
})

t.test('tries a folder once a probe, for all its files', async t => {
  const root = folder(t)
  mkdirSync(join(root, 'other'))
  const paths = ['a.env', 'b.env', 'c.env', 'other/d.env', 'missing/e.env'].map(name => join(root, name))
  const probe = () => stores.probe(envFiles(root, paths))
  const trials = () => changedIn(t, root, probe).then(names => names.filter(name => name.endsWith('.probe')))
  // It comes and goes; a missing folder would be made in this one.
  t.equal((await trials()).length, 4)
  t.equal((await trials()).length, 4, 'and anew the next time')
  t.strictSame(readdirSync(root).sort(), ['other'])
})

t.test('takes away last what keeps git from the secrets that killed writers left', async t => {
  const root = folder(t)
  const drafts = join(root, '.a.env.fluxloop-keys.tmp')
  mkdirSync(join(drafts, 'zz'), { recursive: true })
  for (const name of ['.gitignore', '.0', 'zz/secret', '~']) writeFileSync(join(drafts, name), '')
  const above = folder(t)
  symlinkSync(above, join(drafts, '.link'))
  const seen = new Set<string>()
  const watcher = watch(drafts, (_, name) => seen.add(name ?? ''))
  // News of both folders comes in one order.
  await changedIn(t, root, () => removeDrafts(join(root, 'a.env')))
  watcher.close()
  const gone = [...seen].filter(name => name !== basename(drafts))
  t.strictSame([...gone].sort(), ['.0', '.gitignore', '.link', 'zz', '~'].sort())
  t.equal(gone.at(-1), '.gitignore')
  t.strictSame([readdirSync(root), readdirSync(above)], [[], []], 'no link is followed')
})

t.test('takes away a folder that somebody planted where the file is that keeps git from drafts', t => {
  const root = folder(t)
  mkdirSync(join(root, '.a.env.fluxloop-keys.tmp', '.gitignore', 'x'), { recursive: true })
  removeDrafts(join(root, 'a.env'))
  t.strictSame(readdirSync(root), [])
  t.end()
})
