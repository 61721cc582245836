import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** A program that writes down, outside of any repository, that it ran. */
export interface Payload {
  readonly path: string
  /** The labels with which it ran, each once, since the last look. */
  ran(): readonly string[]
}

export function payload(folder: string): Payload {
  const [path, trace] = [join(folder, 'payload'), join(folder, 'payload-ran')]
  writeFileSync(path, `#!/bin/sh\necho "$1" >> '${trace}'\nexit 1\n`)
  chmodSync(path, 0o755)
  return {
    path,
    ran: () => {
      if (!existsSync(trace)) return []
      const labels = readFileSync(trace, 'utf8').trimEnd().split('\n')
      rmSync(trace)
      return [...new Set(labels)].sort()
    },
  }
}

export function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']
  return execFileSync('git', ['-C', folder, ...identity, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** What a repository's own configuration can say to have a program run that fetches a missing object. */
function promisor({ path }: Payload): string {
  return `[core]
  repositoryformatversion = 1
  sparseCheckout = true
  sparseCheckoutCone = true
[index]
  sparse = true
[extensions]
  partialClone = origin
[remote "origin"]
  url = .
  promisor = true
  uploadpack = ${path} uploadpack
[protocol "file"]
  allow = always
[protocol "ext"]
  allow = always
`
}

/** Gives a repository a sparse index whose tree is missing, so that reading the whole index asks the promisor for it. */
function loseTree(work: string, gitDir: string): void {
  mkdirSync(join(work, 'lost'))
  writeFileSync(join(work, 'lost/file'), 'x')
  git(work, 'add', 'lost')
  git(work, 'commit', '-qm', 'A folder')
  git(work, 'sparse-checkout', 'init', '--cone', '--sparse-index')
  const tree = git(work, 'rev-parse', 'HEAD:lost').trim()
  const from = join(work, '.git')
  if (from !== gitDir) cpSync(from, gitDir, { recursive: true })
  rmSync(join(gitDir, 'objects', tree.slice(0, 2), tree.slice(2)))
}

/** A bare repository as an ordinary folder, as a pull request can commit one: whoever asks git about what is in there runs the payload. */
export function bareTrap(folder: string, source: string, trap: Payload): void {
  mkdirSync(source)
  git(source, 'init', '-q')
  loseTree(source, folder)
  rmSync(join(folder, 'config.worktree'), { force: true })
  writeFileSync(join(folder, 'config'), `[core]\n  bare = false\n  worktree = .\n${promisor(trap)}`)
}

const hooks = [
  'pre-commit',
  'post-index-change',
  'post-checkout',
  'fsmonitor-watchman',
  'reference-transaction',
]

/** Poisons the repository of a checkout in every way that its own `.git` can: files that no pull request can commit. */
export function poisonCheckout(work: string, trap: Payload): void {
  const run = (label: string) => `${trap.path} ${label}`
  writeFileSync(join(work, '.gitattributes'), '* filter=trap diff=trap\n')
  writeFileSync(join(work, 'tracked'), 'x')
  git(work, 'add', '.gitattributes', 'tracked')
  git(work, 'commit', '-qm', 'Attributes')
  loseTree(work, join(work, '.git'))
  const hookFolder = join(work, '.git/trapped-hooks')
  mkdirSync(hookFolder)
  for (const hook of hooks) {
    writeFileSync(join(hookFolder, hook), `#!/bin/sh\n${run('hook')}\n`)
    chmodSync(join(hookFolder, hook), 0o755)
  }
  rmSync(join(work, '.git/config.worktree'), { force: true })
  appendFileSync(join(work, '.git/config'), `${promisor(trap)}[include]\n  path = included\n`)
  writeFileSync(
    join(work, '.git/included'),
    `[core]
  fsmonitor = ${run('fsmonitor')}
  hooksPath = ${hookFolder}
  pager = ${run('pager')}
  editor = ${run('editor')}
  sshCommand = ${run('ssh')}
  gitProxy = ${run('proxy')}
  askPass = ${run('askpass')}
[pager]
  ls-files = ${run('pager')}
  check-ignore = ${run('pager')}
[diff]
  external = ${run('diff')}
[diff "trap"]
  textconv = ${run('textconv')}
  command = ${run('diff')}
[filter "trap"]
  clean = ${run('filter')}
  smudge = ${run('filter')}
[alias]
  ls-files = !${run('alias')}
  check-ignore = !${run('alias')}
  version = !${run('alias')}
[credential]
  helper = !${run('credential')}
`,
  )
  writeFileSync(join(work, 'tracked'), 'changed')
}

/** What the environment of a run can say to git. */
export function poisonedEnvironment(gitDir: string, trap: Payload): Readonly<Record<string, string>> {
  return {
    GIT_DIR: gitDir,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.fsmonitor',
    GIT_CONFIG_VALUE_0: `${trap.path} environment`,
    GIT_EXTERNAL_DIFF: `${trap.path} environment`,
    GIT_PAGER: `${trap.path} environment`,
    GIT_SSH_COMMAND: `${trap.path} environment`,
    GIT_PROXY_COMMAND: `${trap.path} environment`,
    GIT_ASKPASS: trap.path,
  }
}
