import { existsSync } from 'node:fs'
import { chmod, lstat, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { failed } from '../../../test/support/failed.ts'
import { type CheckoutSurroundings, checkOut } from '../../src/checkout/checkout.ts'
import { sweepCheckouts } from '../../src/checkout/checkout-place.ts'
import type { GitSource } from '../../src/checkout/fetch-revision.ts'
import { folderWith } from '../support/fleet-folder.ts'
import { type RemoteRepository, remoteRepository } from '../support/remote-repository.ts'

interface World {
  readonly remote: RemoteRepository
  readonly around: CheckoutSurroundings
  readonly source: (parts?: Partial<GitSource>) => GitSource
}

async function world(t: Test): Promise<World> {
  const root = await folderWith(t, {})
  const remote = remoteRepository(root)
  return {
    remote,
    around: {
      folder: join(root, 'checkouts'),
      env: { PATH: process.env['PATH'] },
      signal: null,
      allowsFile: true,
    },
    source: parts => ({ kind: 'git', url: remote.url, revision: 'main', path: '.', ...parts }),
  }
}

const text = (folder: string, name: string) => readFile(join(folder, name), 'utf8')

t.test('checks out the folder of a branch, file by file, none of which can be run', async t => {
  const { remote, around, source } = await world(t)
  const commit = remote.commit('main', { 'keys/a.yaml': 'a: 1\r\n', 'keys/sub/b.yaml': 'b', 'README.md': '' })
  const found = await checkOut('acme', source({ path: 'keys' }), around)
  t.equal(found.commit, commit)
  t.equal(found.folder, join(found.root, 'keys'))
  t.strictSame((await readdir(found.root)).sort(), ['README.md', 'keys'], 'and no .git')
  t.equal(await text(found.folder, 'a.yaml'), 'a: 1\r\n')
  t.equal(await text(found.folder, 'sub/b.yaml'), 'b')
  t.equal((await lstat(join(found.folder, 'a.yaml'))).mode & 0o111, 0)
})

t.test('takes a tag, an annotated tag, a full name and a commit', async t => {
  const { remote, around, source } = await world(t)
  const first = remote.commit('main', { a: '1' })
  remote.git(['tag', 'light', first])
  remote.git(['tag', '-a', 'heavy', '-m', 'x', first])
  const second = remote.commit('main', { a: '2' })
  remote.git(['update-ref', 'refs/keys/special', first])
  const rows = {
    light: first,
    heavy: first,
    'refs/tags/heavy': first,
    'refs/keys/special': first,
    main: second,
    [first]: first,
  }
  for (const [revision, commit] of Object.entries(rows))
    t.equal((await checkOut('acme', source({ revision }), around)).commit, commit, revision)
})

t.test('fetches what is new, removes what was before, and fetches nothing where nothing is new', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { a: '1', old: '' })
  const before = await checkOut('acme', source(), around)
  remote.commit('main', { a: '2' })
  const after = await checkOut('acme', source(), around)
  t.equal(await text(after.folder, 'a'), '2')
  t.notOk(existsSync(join(after.folder, 'old')))
  t.notOk(existsSync(before.root))
  const { mtimeMs } = await lstat(after.root)
  t.same(await checkOut('acme', source(), around), after)
  t.equal((await lstat(after.root)).mtimeMs, mtimeMs)
})

t.test('needs no host for a commit that is there', async t => {
  const { remote, around, source } = await world(t)
  const revision = remote.commit('main', { a: '1' })
  const found = await checkOut('acme', source({ revision }), around)
  await rename(remote.path, `${remote.path}.gone`)
  t.same(await checkOut('acme', source({ revision }), around), found)
  const failure = await failed(checkOut('acme', source(), around))
  t.equal(failure.code, 'not-found')
  t.match(failure.message, /^git ended with exit code 128 when asked to list branches and tags: /)
})

t.test('takes a repository with names of 64 digits', async t => {
  const { remote, around, source } = await world(t)
  const other = remoteRepository(join(remote.path, '..'), 'sha256.git', 'sha256')
  const commit = other.commit('main', { a: '1' })
  t.equal(commit.length, 64)
  for (const revision of ['main', commit])
    t.equal((await checkOut('acme', source({ url: other.url, revision }), around)).commit, commit)
})

t.test('keeps each stack apart, and takes another repository for a stack whose URL changed', async t => {
  const { remote, around, source } = await world(t)
  const other = remoteRepository(join(remote.path, '..'), 'other.git')
  remote.commit('main', { a: 'one' })
  other.commit('main', { a: 'other' })
  const one = await checkOut('acme', source(), around)
  const two = await checkOut('acme/../acme', source({ url: other.url }), around)
  t.equal(await text(one.folder, 'a'), 'one')
  t.equal(await text(two.folder, 'a'), 'other')
  const three = await checkOut('acme', source({ url: other.url }), around)
  t.equal(await text(three.folder, 'a'), 'other')
  t.notOk(existsSync(one.root))
  await sweepCheckouts(around.folder, ['acme'])
  t.ok(existsSync(three.root))
  t.notOk(existsSync(two.root))
})

t.test('one at a time checks out a stack', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { a: '1', b: '2' })
  const all = await Promise.all(Array.from({ length: 4 }, () => checkOut('acme', source(), around)))
  for (const each of all) t.same(each, all[0])
  t.equal(await text(all[0]?.folder ?? '', 'b'), '2')
  t.strictSame((await readdir(around.folder)).length, 1, 'no lock is left')
})

t.test('begins anew where a killed run left a broken repository', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { a: '1' })
  const { root } = await checkOut('acme', source(), around)
  const repository = join(root, '..', 'repository.git')
  await writeFile(join(repository, 'shallow.lock'), '')
  await writeFile(join(root, '..', 'draft-0123456789abcdef'), '')
  remote.commit('main', { a: '2' })
  t.equal(await text((await checkOut('acme', source(), around)).folder, 'a'), '2')
  await writeFile(join(repository, 'HEAD'), 'nonsense')
  remote.commit('main', { a: '3' })
  const after = await checkOut('acme', source(), around)
  t.equal(await text(after.folder, 'a'), '3')
  t.strictSame((await readdir(join(after.root, '..'))).sort(), [
    'home',
    'repository.git',
    `tree-${after.commit}`,
    'url',
  ])
})

t.test('says what there is not: a revision, a folder; and what is two things', async t => {
  const { remote, around, source } = await world(t)
  const commit = remote.commit('main', { 'keys/a': '1', file: '' })
  remote.git(['tag', 'main', commit])
  t.match(await failed(checkOut('acme', source(), around)), {
    code: 'configuration',
    message: 'main is both a branch and a tag',
    hints: ['Write refs/heads/main or refs/tags/main in the fleet file.'],
  })
  const revision = 'refs/heads/main'
  t.match(await failed(checkOut('acme', source({ revision: 'mian' }), around)), {
    code: 'not-found',
    message: 'The repository has neither a branch nor a tag mian',
  })
  for (const path of ['kyes', 'file', 'keys/a'])
    t.match(await failed(checkOut('acme', source({ revision, path }), around)), {
      code: 'not-found',
      message: `The repository has no folder ${path} at ${commit.slice(0, 12)}`,
    })
  t.match(await failed(checkOut('acme', source({ revision: '0'.repeat(39) + '1' }), around)), {
    code: 'configuration',
  })
})

t.test('refuses URLs that are neither https nor ssh, before git sees them', async t => {
  const { around, source } = await world(t)
  const { folder, env } = around
  const usual = { folder, env, signal: null }
  const urls = [
    'ext::sh -c "touch x"',
    'git://h/x',
    'file:///x',
    '/x',
    '--upload-pack=x',
    'https://u:p@h/x',
    'http://h/x',
  ]
  for (const url of urls)
    t.match(await failed(checkOut('acme', source({ url }), usual)), { code: 'configuration' }, url)
  t.match(await failed(checkOut('acme', source({ url: 'ext::sh -c id' }), around)), { code: 'configuration' })
})

t.test('git itself refuses file where no test allows it', async t => {
  const { gitEnvironment, gitSwitches } = await import('../../src/checkout/git-environment.ts')
  const { runGit } = await import('../../src/checkout/run-git.ts')
  const { remote } = await world(t)
  remote.commit('main', { a: '1' })
  const home = await folderWith(t, {})
  for (const url of [remote.url, remote.path, `ext::cat ${remote.path}/HEAD`]) {
    const end = await runGit({
      git: 'git',
      args: [...gitSwitches('https and ssh', null), 'ls-remote', '--', url],
      env: gitEnvironment(process.env, home, 'https and ssh'),
      cwd: home,
      time: 20_000,
      most: 10_000,
      largestFile: 10_000_000,
      signal: null,
    })
    t.equal(end.code, 128)
    t.match(end.stderr, /transport '\w+' not allowed/)
  }
})

t.test('refuses a folder that others may change', async t => {
  const { around, source } = await world(t)
  const folder = await folderWith(t, {})
  await chmod(folder, 0o777)
  t.match(await failed(checkOut('acme', source(), { ...around, folder })), {
    code: 'refused',
    message: `${folder} may be changed by other users, so nothing is checked out there`,
  })
})
