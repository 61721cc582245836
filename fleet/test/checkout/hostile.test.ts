// Repositories, and surroundings, that want something to happen on the machine that checks them out. Whatever would run leaves a file.
import { existsSync } from 'node:fs'
import { lstat, mkdir, readFile, readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { failed } from '../../../test/support/failed.ts'
import { type CheckoutSurroundings, checkOut } from '../../src/checkout/checkout.ts'
import type { GitSource } from '../../src/checkout/fetch-revision.ts'
import { folderWith } from '../support/fleet-folder.ts'
import {
  type RemoteFiles,
  type RemoteRepository,
  remoteRepository,
  trap,
} from '../support/remote-repository.ts'

interface World {
  readonly root: string
  readonly remote: RemoteRepository
  readonly around: CheckoutSurroundings
  readonly source: GitSource
  /** Did anything run? */
  readonly ran: () => boolean
}

async function world(t: Test): Promise<World> {
  const root = await folderWith(t, {})
  const remote = remoteRepository(root)
  return {
    root,
    remote,
    around: {
      folder: join(root, 'checkouts'),
      env: { PATH: process.env['PATH'] },
      signal: null,
      allowsFile: true,
    },
    source: { kind: 'git', url: remote.url, revision: 'main', path: '.' },
    ran: () => existsSync(join(root, 'ran')),
  }
}

/** What is left of a checkout that was refused: no file of it. */
async function requireNothing(t: Test, { folder }: CheckoutSurroundings): Promise<void> {
  const left = (await readdir(folder, { recursive: true })).filter(name => /\/(?:tree-|draft-)/.test(name))
  t.strictSame(left, [])
}

t.test('no filter of .gitattributes runs, and none of its other words changes a file', async t => {
  const { remote, around, source, root, ran } = await world(t)
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12\n`
  remote.commit('main', {
    '.gitattributes':
      '*.bin filter=lfs diff=lfs merge=lfs -text\n*.evil filter=evil\n*.txt text eol=crlf ident working-tree-encoding=UTF-16 export-subst export-ignore\n',
    'a.bin': pointer,
    'a.evil': 'plain',
    'a.txt': 'one\ntwo $Id$ $Format:%H$\n',
  })
  // The settings of the machine define the filters.
  const evil = trap(root, 'evil')
  const config = `[filter "lfs"]\n smudge = ${evil}\n process = ${evil}\n required = true\n[filter "evil"]\n smudge = ${evil}\n`
  await writeFile(join(root, '.gitconfig'), config)
  const env = {
    ...around.env,
    HOME: root,
    XDG_CONFIG_HOME: root,
    GIT_CONFIG_GLOBAL: join(root, '.gitconfig'),
    GIT_CONFIG_SYSTEM: join(root, '.gitconfig'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'filter.evil.smudge',
    GIT_CONFIG_VALUE_0: evil,
  }
  const { folder } = await checkOut('acme', source, { ...around, env })
  t.notOk(ran())
  t.equal(await readFile(join(folder, 'a.bin'), 'utf8'), pointer)
  t.equal(await readFile(join(folder, 'a.evil'), 'utf8'), 'plain')
  t.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'one\ntwo $Id$ $Format:%H$\n')
})

t.test('nothing of the environment and of the settings of this machine reaches git', async t => {
  const { remote, around, source, root, ran } = await world(t)
  remote.commit('main', { a: '1' })
  const evil = trap(root, 'evil')
  const hooks = join(root, 'template', 'hooks')
  await mkdir(hooks, { recursive: true })
  for (const name of [
    'post-checkout',
    'reference-transaction',
    'post-index-change',
    'fsmonitor-watchman',
    'pre-auto-gc',
  ])
    trap(hooks, name)
  const other = remoteRepository(join(root, 'other'))
  other.commit('main', { a: 'elsewhere' })
  await writeFile(
    join(root, '.gitconfig'),
    `[core]\n hooksPath = ${hooks}\n fsmonitor = ${evil}\n pager = ${evil}\n sshCommand = ${evil}\n gitProxy = ${evil}\n alternateRefsCommand = ${evil}\n[init]\n templateDir = ${join(root, 'template')}\n[credential]\n helper = ${evil}\n[uploadpack]\n packObjectsHook = ${evil}\n[url "${other.url}"]\n insteadOf = ${remote.url}\n`,
  )
  const env = {
    ...around.env,
    HOME: root,
    GIT_TEMPLATE_DIR: join(root, 'template'),
    GIT_TRACE: join(root, 'ran'),
    GIT_TRACE2: join(root, 'ran'),
    GIT_SSH_COMMAND: evil,
    GIT_ASKPASS: evil,
    GIT_PAGER: evil,
    GIT_DIR: other.path,
    GIT_WORK_TREE: root,
    GIT_OBJECT_DIRECTORY: join(root, 'ran'),
    GIT_EXEC_PATH: root,
    GIT_CONFIG_PARAMETERS: `'core.hooksPath=${hooks}'`,
    LD_PRELOAD: join(root, 'nothing.so'),
  }
  const { folder } = await checkOut('acme', source, { ...around, env })
  t.equal(await readFile(join(folder, 'a'), 'utf8'), '1')
  t.notOk(ran())
})

t.test('no hook and no setting of the repository at the host takes effect here', async t => {
  const { remote, around, source, root, ran } = await world(t)
  remote.commit('main', { a: '1' })
  await mkdir(join(remote.path, 'hooks'), { recursive: true })
  for (const name of ['post-checkout', 'post-update', 'pre-receive', 'reference-transaction', 'post-merge'])
    trap(join(remote.path, 'hooks'), name)
  const evil = trap(root, 'evil')
  for (const name of [
    'core.fsmonitor',
    'core.sshCommand',
    'uploadpack.packObjectsHook',
    'core.alternateRefsCommand',
  ])
    remote.git(['config', name, evil])
  const { root: tree } = await checkOut('acme', source, around)
  t.notOk(ran())
  const config = await readFile(join(tree, '..', 'repository.git', 'config'), 'utf8')
  t.notMatch(config, /evil/)
  t.notOk(existsSync(join(tree, '..', 'repository.git', 'hooks')))
})

t.test('files that git would take for a repository of its own are files', async t => {
  const { remote, around, source, ran } = await world(t)
  const files = {
    HEAD: 'ref: refs/heads/main\n',
    'objects/x': '',
    'refs/x': '',
    config: '[core]\n fsmonitor = touch ran\n',
  }
  remote.commit('main', { ...files, 'keys/a': '1' })
  const { folder } = await checkOut('acme', source, around)
  t.equal(await readFile(join(folder, 'config'), 'utf8'), files.config)
  t.equal((await lstat(join(folder, 'config'))).mode & 0o111, 0)
  t.notOk(ran())
})

t.test('no submodule is fetched, and one within the configuration is refused', async t => {
  const { remote, around, source, root } = await world(t)
  const other = remoteRepository(join(root, 'other'))
  const submodule = other.commit('main', { b: '' })
  const modules = `[submodule "x"]\n path = vendor/x\n url = ${other.url}\n update = !touch ran\n`
  remote.commit('main', { '.gitmodules': '', 'keys/a': '1', 'vendor/x': { submodule } })
  const { folder, root: tree } = await checkOut('acme', { ...source, path: 'keys' }, around)
  t.strictSame(await readdir(folder), ['a'])
  t.notOk(existsSync(join(tree, 'vendor')))
  for (const path of ['.', 'vendor', 'vendor/x'])
    t.match(await failed(checkOut(path, { ...source, path }, around)), {
      code: 'refused',
      message: 'The submodule "vendor/x" belongs to the configuration, and none is fetched',
    })
  remote.commit('main', { '.gitmodules': modules, a: '1' })
  t.match(
    await failed(checkOut('acme', source, around)),
    { message: /gitmodulesUpdate/ },
    'git refuses its command',
  )
})

const links: readonly (readonly [string, RemoteFiles, RegExp])[] = [
  ['an absolute one', { l: { leadsTo: '/etc/passwd' } }, /has an absolute target/],
  ['one upwards', { 'a/l': { leadsTo: '../../url' } }, /leads out of it/],
  ['one to the repository next to it', { l: { leadsTo: '../repository.git/config' } }, /leads out of it/],
  ['one that leads nowhere, yet', { l: { leadsTo: 'nothing/here' } }, /leads nowhere/],
  ['one to itself', { l: { leadsTo: 'l' } }, /leads nowhere/],
  [
    'one that leads out through another',
    { s: { leadsTo: '.' }, 'a/b/l': { leadsTo: '../../s/..' } },
    /leads out of it/,
  ],
  [
    'a chain that leads out at its end',
    { l: { leadsTo: 'm' }, m: { leadsTo: 'n' }, n: { leadsTo: '..' } },
    /leads out of it/,
  ],
  ['a long one', { l: { leadsTo: 'x/'.repeat(4_000) } }, /has a target that is too long/],
]

for (const [title, files, message] of links) {
  t.test(`refuses a link: ${title}`, async t => {
    const { remote, around, source } = await world(t)
    remote.commit('main', { 'a.yaml': '', ...files })
    t.match(await failed(checkOut('acme', source, around)), { code: 'refused', message })
    await requireNothing(t, around)
  })
}

t.test('makes a link that stays inside', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { 'shared/p.yaml': 'p', 'keys/p.yaml': { leadsTo: '../shared/p.yaml' } })
  const { folder } = await checkOut('acme', { ...source, path: 'keys' }, around)
  t.equal(await readlink(join(folder, 'p.yaml')), '../shared/p.yaml')
  t.equal(await readFile(join(folder, 'p.yaml'), 'utf8'), 'p')
})

t.test('refuses a path in the repository that is a link', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { 'real/a': '', keys: { leadsTo: 'real' } })
  t.match(await failed(checkOut('acme', { ...source, path: 'keys' }, around)), { code: 'not-found' })
})

const names: readonly (readonly [string, readonly string[]])[] = [
  ['.git', ['100644']],
  ['.GIT', ['100644']],
  ['git~1', ['100644']],
  ['.git ', ['100644']],
  ['..', ['100644']],
  ['a/b', ['100644']],
  ['a\\..\\b', ['100644']],
  ['a\u0007b', ['100644']],
  ['.g\u200cit', ['100644']],
]

for (const [name, [mode = '']] of names) {
  t.test(`refuses a file with the name ${JSON.stringify(name)}`, async t => {
    const { remote, around, source } = await world(t)
    remote.commitTree('main', [[mode, name, remote.blob('x')]])
    const failure = await failed(checkOut('acme', source, around))
    t.match(
      failure.message,
      /fsck error|fsckObjects|object corrupt|index-pack failed|name that leads elsewhere/,
    )
    t.notMatch(failure.message, /[\p{Cc}\p{Cf}]/u)
    await requireNothing(t, around)
  })
}

t.test(
  'refuses two entries of one name, a link and a folder: nothing is written through the link',
  async t => {
    const { remote, around, source, root } = await world(t)
    const target = join(root, 'target')
    await mkdir(target)
    const inner = remote.git(['mktree'], `100644 blob ${remote.blob('x')}\tfile\n`)
    remote.commitTree('main', [
      ['120000', 'a', remote.blob(target)],
      ['40000', 'a', inner],
    ])
    await failed(checkOut('acme', source, around))
    t.strictSame(await readdir(target), [])
    await requireNothing(t, around)
  },
)

t.test('refuses what is too large, of one file, of all files, of their number', async t => {
  const { remote, around, source } = await world(t)
  const megabyte = 1_048_576
  // It does not compress.
  const noise = Buffer.alloc(3 * megabyte)
  for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at)
  remote.commit('noise', { a: noise })
  remote.commit('zeros', { a: Buffer.alloc(3 * megabyte) })
  remote.commit('many', Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, ''])))
  const limits = { bytes: 2 * megabyte, files: 20 }
  const rows = {
    noise: /is larger than 2 MB/,
    zeros: 'The checked-out repository is larger than 2 MB',
    many: 'The repository has more than 20 files',
  }
  for (const [revision, message] of Object.entries(rows)) {
    const failure = await failed(checkOut(revision, { ...source, revision }, { ...around, limits }))
    t.match(failure, { code: 'refused', message }, revision)
  }
  await requireNothing(t, around)
})

t.test('refuses a tree of trees that unfolds without end', async t => {
  const { remote, around, source } = await world(t)
  let tree = remote.git(['mktree'], `100644 blob ${remote.blob('x')}\tf\n`)
  for (let depth = 0; depth < 12; depth += 1) {
    const lines = Array.from({ length: 10 }, (_, index) => `40000 tree ${tree}\td${index}\n`)
    tree = remote.git(['mktree'], lines.join('').replaceAll('40000', '040000'))
  }
  remote.git(['update-ref', 'refs/heads/main', remote.git(['commit-tree', tree, '-m', 'x'])])
  t.match(await failed(checkOut('acme', source, around)), {
    code: 'refused',
    message: 'git printed more than is read when asked to list files',
  })
  await requireNothing(t, around)
})

t.test('keeps the former commit where the new one is refused', async t => {
  const { remote, around, source } = await world(t)
  remote.commit('main', { a: '1' })
  const before = await checkOut('acme', source, around)
  remote.commit('main', { a: { leadsTo: '/etc/passwd' } })
  await failed(checkOut('acme', source, around))
  t.equal(await readFile(join(before.folder, 'a'), 'utf8'), '1')
})
