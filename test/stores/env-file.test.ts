import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { gitTracking } from '../../src/stores/git-fate.ts'
import { askGit } from '../../src/stores/git.ts'
import { isSafeGit } from '../../src/stores/git-version.ts'
import { isLocal } from '../../src/stores/locality.ts'
import { createStores } from '../../src/stores/open.ts'
import { otherNames } from '../../src/stores/other-name.ts'
import { processStart } from '../../src/stores/process-start.ts'
import { runApart } from '../../src/stores/process-group.ts'
import type { SecretStore } from '../../src/stores/secret-store.ts'
import { writeFileDurably } from '../../src/stores/write-file.ts'
import { failed, folder } from '../support/failed.ts'
import { needs } from '../support/needs.ts'
import { standIn } from '../support/stand-in.ts'

const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
const secret = new Secret('flux_ci_sentinel')
const name = 'FLUXLOOP_API_KEY'

const envFile = (path: string): SecretStore =>
  stores.open({ kind: 'env-file', path, name, declaredIn: dirname(path) })
const ageSpec = (path: string, identity: string | null, recipients: string[] = []): StoreSpec => ({
  kind: 'age-file',
  declaredIn: '/srv',
  path,
  identity,
  recipients,
  shared: false,
})
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

t.test('makes an env file and its folder for the owner alone, and takes the variable out again', async t => {
  const root = folder(t)
  const path = join(root, 'a', 'b', '.env')
  const store = envFile(path)
  await store.probe()
  t.strictSame(readdirSync(root), [], 'a probe leaves nothing')
  t.equal(await store.get(), null)
  await store.remove()
  t.equal(await store.put(secret), `env-file ${path} (${name})`)
  t.equal(readFileSync(path, 'utf8'), `${name}=flux_ci_sentinel\n`)
  t.strictSame([mode(path), mode(join(root, 'a')), mode(join(root, 'a', 'b'))], ['600', '700', '700'])
  await store.probe()
  t.strictSame(readdirSync(join(root, 'a', 'b')), ['.env'], 'no lock, no temporary file, no trial')
  t.equal((await store.get())?.reveal(), 'flux_ci_sentinel')
  await store.remove()
  t.equal(readFileSync(path, 'utf8'), '')
})

t.test('keeps the mode, the owner and all bytes that are not UTF-8', async t => {
  const path = join(folder(t), '.env')
  const bytes = Buffer.from([0x23, 0xff, 0xa0, 0x0a, 0x41, 0x3d, 0xc3, 0xa0, 0x0a])
  writeFileSync(path, bytes)
  chmodSync(path, 0o400)
  if (process.getuid?.() === 0) chownSync(path, 65534, 65534)
  const { uid } = statSync(path)
  await envFile(path).put(secret)
  t.ok(readFileSync(path).subarray(0, bytes.length).equals(bytes))
  t.strictSame([mode(path), statSync(path).uid], ['400', uid])
})

t.test(
  'refuses an env file that is a link, open to others, binary, a folder or damaged, and leaves it alone',
  async t => {
    const root = folder(t)
    const target = join(root, 'target')
    writeFileSync(target, 'A=1\n', { mode: 0o600 })
    symlinkSync(target, join(root, 'link'))
    symlinkSync(join(root, 'nothing'), join(root, 'dangling'))
    writeFileSync(join(root, 'open'), 'A=1\n')
    chmodSync(join(root, 'open'), 0o644)
    writeFileSync(join(root, 'utf16'), Buffer.from('A=1\n', 'utf16le'), { mode: 0o600 })
    mkdirSync(join(root, 'folder'))
    writeFileSync(join(root, 'damaged'), `A="1\n${name}=x\n`, { mode: 0o600 })
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      ['link', /symbolic link/, /points to/],
      ['dangling', /symbolic link/, /points to/],
      ['open', /mode 0644/, /chmod 600/],
      ['utf16', /NUL bytes/, /UTF-8/],
      ['folder', /not a regular file/, /another path/],
      ['damaged', /line 1: a quote/, /Close the quote/],
      ['target/x', /target is not a folder/, /another path/],
    ]
    for (const [file, message, hint] of cases) {
      const path = join(root, file)
      const store = stores.allowing([path]).open({ kind: 'env-file', path, name, declaredIn: '/srv' })
      for (const failure of [await failed(store.probe()), await failed(store.put(secret))]) {
        t.match(failure.message, message, file)
        t.match(failure.hints.join(), hint, file)
      }
    }
    t.equal(readFileSync(target, 'utf8'), 'A=1\n')
    t.notOk(existsSync(join(root, 'nothing')))
    t.match(
      (await failed(envFile(join(root, 'new.env')).put(new Secret('two\nlines sentinel')))).message,
      /cannot stand in/,
    )
    const wrong = stores.open({
      kind: 'env-file',
      path: join(root, 'new.env'),
      name: 'A\nB',
      declaredIn: '/srv',
    })
    t.match(await failed(wrong.put(secret)), { code: 'configuration' })
    t.notOk(existsSync(join(root, 'new.env')))
  },
)

t.test('replaces what a killed writer left behind, and follows no link planted in its place', async t => {
  const root = folder(t)
  const path = join(root, '.env')
  const victim = join(root, 'victim')
  writeFileSync(victim, 'mine')
  symlinkSync(victim, join(root, '..env.fluxloop-keys.tmp'))
  await envFile(path).put(secret)
  t.equal(readFileSync(victim, 'utf8'), 'mine')
  t.strictSame(readdirSync(root).sort(), ['.env', 'victim'])

  const left = ['gone.env', 'gone.age', 'busy.env'].map(name => join(root, `.${name}.fluxloop-keys.tmp`))
  for (const draft of left) mkdirSync(draft)
  writeFileSync(join(left[0] ?? '', 'gone.env'), 'A=flux_ci_sentinel')
  symlinkSync(root, join(root, '.link.fluxloop-keys.tmp'))
  writeFileSync(join(root, 'busy.env.lock'), 'of another machine')
  await stores.sweep([
    { kind: 'env-file', path, name, declaredIn: '/srv' },
    ageSpec(join(root, 'no-folder/x.age'), null),
  ])
  t.strictSame(
    readdirSync(root).sort(),
    ['.busy.env.fluxloop-keys.tmp', '.env', 'busy.env.lock', 'victim'],
    'what nobody writes goes, whichever file it was for',
  )
})

t.test('refuses an env file that git tracks, or that is in another repository', async t => {
  if (!needs(t, 'git')) return
  const root = folder(t)
  const git = (...args: string[]): void => void execFileSync('git', ['-C', root, ...args])
  git('init', '-q')
  for (const file of ['.env', 'sub/gone.env']) {
    mkdirSync(join(root, 'sub'), { recursive: true })
    writeFileSync(join(root, file), '', { mode: 0o600 })
  }
  git('add', '.env', 'sub/gone.env')
  rmSync(join(root, 'sub'), { recursive: true })
  for (const file of ['.env', 'sub/gone.env']) {
    const store = envFile(join(root, file))
    t.match(await failed(store.probe()), { code: 'refused', hints: [/git rm --cached/] })
    t.match(await failed(store.put(secret)), { message: /tracked by git/ })
  }
  await envFile(join(root, 'untracked.env')).put(secret)
  await envFile(join(root, 'new/deep/.env')).put(secret)
  const elsewhere = join(folder(t), '.env')
  await envFile(elsewhere).put(secret)
  const fromOutside = stores.open({
    kind: 'env-file',
    path: join(root, 'untracked.env'),
    name,
    declaredIn: dirname(elsewhere),
  })
  t.match(await failed(fromOutside.put(secret)), { code: 'refused', message: /another git repository/ })

  const nested = join(root, 'nested')
  execFileSync('git', ['init', '-q', nested])
  execFileSync('git', ['init', '-q', '--bare', join(root, 'bare')])
  for (const path of [join(nested, '.env'), join(root, 'bare/deep/.env')]) {
    const store = stores.open({ kind: 'env-file', path, name, declaredIn: root })
    t.match(await failed(store.probe()), { code: 'refused', message: /another git repository/ })
    t.notOk(existsSync(path))
  }
  const own = join(nested, '.env')
  await stores.allowing([own]).open({ kind: 'env-file', path: own, name, declaredIn: root }).put(secret)
  t.ok(existsSync(own), 'whoever names that very file takes it upon themselves')

  symlinkSync(nested, join(root, 'linked'))
  const linked = stores.open({ kind: 'env-file', path: join(root, 'linked/.env'), name, declaredIn: root })
  t.match(await failed(linked.probe()), { message: /another git repository/ }, 'links are followed')

  const noGit = createStores({ env: { PATH: root }, keychainHelper: { command: 'false', args: [] } })
  const untold = noGit.open({ kind: 'env-file', path: join(root, 'sub.env'), name, declaredIn: root })
  t.match(await failed(untold.probe()), { message: /there is no git here/ })
  await noGit.open({ kind: 'env-file', path: elsewhere, name, declaredIn: root }).probe()

  writeFileSync(join(root, '.git/index'), 'not an index')
  t.match(await failed(envFile(join(root, 'untracked.env')).put(secret)), {
    code: 'refused',
    message: /git cannot tell whether it tracks/,
  })
  rmSync(join(root, '.git'), { recursive: true })
  mkdirSync(join(root, '.git'))
  t.match(await failed(envFile(join(root, 'untracked.env')).put(secret)), { code: 'refused' })
})

t.test('knows the versions of git that can be kept from running what a repository names', async t => {
  const rows: Readonly<Record<string, boolean>> = {
    '2.20.1': false,
    '2.38.5': false,
    '2.39.3': false,
    '2.39.4': true,
    '2.39.5': true,
    '2.39.5 (Apple Git-154)': true,
    '2.40.1': false,
    '2.40.2': true,
    '2.41.0': false,
    '2.41.1': true,
    '2.42.1': false,
    '2.42.2': true,
    '2.43.0': false,
    '2.43.4': true,
    '2.44.0': false,
    '2.44.1': true,
    '2.45.0': true,
    '2.45.1.windows.1': true,
    '2.51.0': true,
    '3.0.0': true,
    '1.99.9': false,
  }
  for (const [version, safe] of Object.entries(rows))
    t.equal(isSafeGit(`git version ${version}\n`), safe, version)
  t.equal(isSafeGit('no git'), false)

  if (!needs(t, 'git')) return
  const root = folder(t)
  execFileSync('git', ['init', '-q', root])
  const old = standIn(join(root, 'bin'), ['git'])
  old.answer([{ words: ['version'], stdout: 'git version 2.34.1' }])
  const env = { PATH: `${old.folder}:${process.env['PATH']}` }
  const store = createStores({ env, keychainHelper: { command: 'false', args: [] } }).open({
    kind: 'env-file',
    path: join(root, '.env'),
    name,
    declaredIn: root,
  })
  t.match(await failed(store.put(secret)), { message: /git 2\.34\.1 is too old/, hints: [/2\.45/] })
  t.strictSame(
    old.calls().map(({ args }) => args),
    [['version']],
    'it is asked nothing else',
  )
})

t.test('asks git once for many files, and anew once something was added', async t => {
  if (!needs(t, 'git')) return
  const root = folder(t)
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', root, ...args], { stdio: 'pipe' })
  git('init', '-q')
  const calls = join(root, 'bin/calls')
  mkdirSync(dirname(calls))
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  writeFileSync(join(root, 'bin/git'), `#!/bin/sh\necho "$*" >>${calls}\nexec ${real} "$@"\n`, {
    mode: 0o755,
  })
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` }
  const asked = () =>
    readFileSync(calls, 'utf8')
      .split('\n')
      .filter(line => line.includes('ls-files')).length
  const fate = (path: string, declaredIn = root) =>
    gitTracking({ path: join(declaredIn, path), declaredIn }, env)
  const many = Array.from({ length: 20 }, (_, index) => `${index}.env`)

  t.strictSame([...new Set(await Promise.all(many.map(path => fate(path))))], ['untracked'])
  for (const path of many) t.equal(await fate(path), 'untracked')
  t.equal(asked(), 1, 'before anything was ever added')
  mkdirSync(join(root, 'folder'))
  for (const path of ['3.env', 'folder/tracked.env', 'folder/umlaut-\u00e4.env'])
    writeFileSync(join(root, path), '')
  git('add', '3.env', 'folder')
  t.equal(await fate('3.env'), 'tracked')
  t.equal(await fate('folder/tracked.env'), 'tracked')
  t.equal(await fate('folder/umlaut-a\u0308.env'), 'tracked', 'however the file system spells it')
  t.equal(await fate('folder'), 'tracked', 'in the place of what is tracked below it')
  t.equal(await fate('folder/other.env'), 'untracked')
  t.equal(await fate('4.env'), 'untracked')
  t.equal(asked(), 2)
  rmSync(join(root, '3.env'))
  t.equal(await fate('3.env'), 'tracked', 'it was deleted, and is in the index still')
  git('rm', '-q', '--cached', '3.env')
  t.equal(await fate('3.env'), 'untracked')
  t.equal(asked(), 3)

  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-q', '-m', 'first')
  const linked = join(root, 'linked')
  git('worktree', 'add', '-q', linked)
  t.equal(await fate('folder/tracked.env', linked), 'tracked')
  t.equal(await fate('5.env', linked), 'untracked')
  t.equal(asked(), 5, 'each by itself, where the index lies elsewhere')
  writeFileSync(join(root, '.git/index'), 'no index')
  await t.rejects(fate('4.env'), { name: 'Failure', message: /cannot tell whether it tracks/ })
})

t.test('starts git out of the reach of the terminal, whose Ctrl-C lets us finish', async t => {
  if (process.platform !== 'linux') return void t.pass('Linux alone', { skip: 'reads /proc' })
  const root = folder(t)
  mkdirSync(join(root, '.git'))
  const seen = join(root, 'seen')
  const script = `#!/bin/sh\ncut -d' ' -f5,6,7 /proc/$$/stat >>${seen}\necho 'git version 2.51.0'\n`
  writeFileSync(join(root, 'git'), script, { mode: 0o755 })
  await askGit(root, 'ls-files', [], { PATH: `${root}:${process.env['PATH']}` })
  const calls = readFileSync(seen, 'utf8').trimEnd().split('\n')
  t.equal(calls.length, 2, 'its version is asked, too')
  const ours = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  for (const call of calls) {
    const [group, session, terminal] = call.split(' ')
    t.equal(group, session, 'it leads a session of its own')
    t.not(session, ours[3], 'which is not ours')
    t.equal(terminal, '0', 'and has no terminal')
  }
})

t.test('ends a program of the system in time, with all that it started', async t => {
  const root = folder(t)
  const args = ['-c', 'sleep 600 & echo $!; sleep 600']
  const ended = await runApart('sh', args, {}, { timeout: 300, most: 100 })
  t.equal(ended.code, null)
  t.equal(await processStart(Number(ended.stdout)), null, 'its child ended with it')
  t.match(await runApart('sh', ['-c', 'echo 12345'], {}, { timeout: 10_000, most: 3 }), { code: null })
  t.match(await runApart(join(root, 'none'), [], {}, { timeout: 10_000, most: 3 }), {
    code: null,
    stdout: '',
  })
})

t.test('counts a file store as local, and an age file only where it is not shared', async t => {
  t.equal(isLocal({ kind: 'env-file', path: '/a/.env', name, declaredIn: '/a' }), true)
  t.equal(
    isLocal({
      kind: 'age-file',
      declaredIn: '/srv',
      path: '/a',
      recipients: [],
      identity: null,
      shared: false,
    }),
    true,
  )
  t.equal(
    isLocal({
      kind: 'age-file',
      declaredIn: '/srv',
      path: '/a',
      recipients: [],
      identity: null,
      shared: true,
    }),
    false,
  )
})

t.test('keeps the old content, and leaves nothing else, on a full disk', async t => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return t.pass('skipped', { skip: 'needs root for mount' })
  const root = folder(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'none', root], { stdio: 'ignore' })
  } catch {
    return t.pass('skipped', { skip: 'needs the right to mount' })
  }
  t.teardown(() => execFileSync('umount', ['-l', root]))
  const path = join(root, '.env')
  const before = `A=${'x'.repeat(10_000)}\n`
  writeFileSync(path, before, { mode: 0o600 })
  writeFileSync(join(root, 'fill'), '')
  t.throws(() => writeFileSync(join(root, 'fill'), Buffer.alloc(100_000)), { code: 'ENOSPC' })
  t.match(await failed(envFile(path).probe()), { message: /no space left/ })
  t.match(await failed(envFile(path).put(secret)), { message: /no space left/, hints: [/untouched/] })
  const lease = {
    nonce: '0',
    requireHeld: () => undefined,
    lost: new AbortController().signal,
    release: async () => undefined,
  }
  const file = { path, lease, requireSameFolder: () => undefined }
  const longer = Buffer.from(`${before}${name}=flux_ci_sentinel\n`)
  t.match(await failed(writeFileDurably(file, longer)), { message: /Cannot write .*no space left/ })
  t.equal(readFileSync(path, 'utf8'), before)
  t.strictSame(readdirSync(root).sort(), ['.env', 'fill'])
})

t.test('says what is wrong with a folder that takes no files', async t => {
  if (process.platform !== 'linux') return
  t.match(await failed(envFile('/proc/fluxloop/.env').probe()), {
    message: /Cannot write to the folder \/proc/,
  })
  t.match(await failed(envFile('/proc/fluxloop/.env').put(secret)), { message: /Cannot make the folder/ })
})

t.test('sets every variable of a list in one write, and takes all of them out again', async t => {
  const path = join(folder(t), '.env')
  writeFileSync(path, 'A=1\nFLUXLOOP_SYNC_API_KEY="flux_ci_old" # the client\nB=2\n', { mode: 0o600 })
  const spec = {
    kind: 'env-file',
    path,
    name,
    also: ['FLUXLOOP_SYNC_API_KEY'],
    declaredIn: dirname(path),
  } as const
  const both = stores.open(spec)
  t.equal((await both.get())?.reveal(), 'flux_ci_old', 'that of another of its names, until it is delivered')
  t.equal(await both.put(secret), `env-file ${path} (${name}, FLUXLOOP_SYNC_API_KEY)`)
  t.equal(
    readFileSync(path, 'utf8'),
    `A=1\nFLUXLOOP_SYNC_API_KEY="flux_ci_sentinel" # the client\nB=2\n${name}=flux_ci_sentinel\n`,
  )
  t.equal((await both.get())?.reveal(), 'flux_ci_sentinel')
  await both.remove()
  t.equal(readFileSync(path, 'utf8'), 'A=1\nB=2\n')
})

t.test("mends the mode of the official client's file where it is ours, and of no other", async t => {
  const root = folder(t)
  const official = join(root, '.fluxloop', '.env')
  mkdirSync(dirname(official))
  writeFileSync(official, 'FLUXLOOP_SYNC_API_KEY=flux_ci_old\n', { mode: 0o644 })
  chmodSync(official, 0o644)
  await envFile(official).probe()
  t.equal(mode(official), '644', 'a probe changes nothing')
  await envFile(official).put(secret)
  t.equal(mode(official), '600')
  const other = join(root, '.env')
  writeFileSync(other, 'A=1\n')
  chmodSync(other, 0o644)
  t.match(await failed(envFile(other).put(secret)), {
    code: 'refused',
    message: /mode 0644/,
    hints: [/chmod 600/],
  })
  if (process.getuid?.() !== 0) return
  chmodSync(official, 0o644)
  chownSync(official, 1000, 1000)
  t.match(await failed(envFile(official).put(secret)), { code: 'refused', message: /mode 0644/ })
})

t.test('finds a line under the other name of the platform’s client that no store writes', async t => {
  const root = folder(t)
  const file = (text: string) => {
    const path = join(root, `${text.length}.env`)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const spec = (path: string, ...[first = name, ...also]: readonly string[]) =>
    ({
      kind: 'env-file',
      path,
      name: first,
      declaredIn: root,
      ...(also.length === 0 ? {} : { also }),
    }) as const
  const stale = file('FLUXLOOP_API_KEY=flux_dev_of_ours\nFLUXLOOP_SYNC_API_KEY=flux_dev_of_old\n')
  const same = file('FLUXLOOP_API_KEY=flux_dev_of_both\nFLUXLOOP_SYNC_API_KEY=flux_dev_of_both\n')
  const unset = file('FLUXLOOP_API_KEY=flux_dev_of_ours\nFLUXLOOP_SYNC_API_KEY=your-api-key-here\n')
  const short = file('FLUXLOOP_SYNC_API_KEY=none\n')
  t.same(otherNames([stale, same, unset, short, join(root, 'none.env')].map(path => spec(path))), [
    { path: stale, written: name, stale: 'FLUXLOOP_SYNC_API_KEY' },
  ])
  t.same(otherNames([spec(stale, 'FLUXLOOP_SYNC_API_KEY')]), [
    { path: stale, written: 'FLUXLOOP_SYNC_API_KEY', stale: name },
  ])
  t.same(otherNames([spec(stale, name, 'FLUXLOOP_SYNC_API_KEY'), spec(stale, 'OTHER')]), [])
  t.same(otherNames([spec(stale), spec(stale, 'FLUXLOOP_SYNC_API_KEY')]), [], 'two keys, one file')
})
