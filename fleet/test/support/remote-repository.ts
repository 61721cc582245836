import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** By path: a text, the target of a link, the commit of a submodule. */
export type RemoteFiles = Readonly<
  Record<string, string | Buffer | { readonly leadsTo: string } | { readonly submodule: string }>
>

/** A repository as a host keeps it. */
export interface RemoteRepository {
  readonly path: string
  /** For tests that allow file. */
  readonly url: string
  /** Makes a commit with exactly these files, and says its name. */
  commit(branch: string, files: RemoteFiles): string
  /** Makes a commit of a tree that git itself would not make: its entries as they are. */
  commitTree(
    branch: string,
    entries: readonly (readonly [mode: string, name: string, object: string])[],
  ): string
  blob(content: string): string
  git(args: readonly string[], input?: string | Buffer): string
}

export function remoteRepository(
  folder: string,
  name = 'remote.git',
  objects: 'sha1' | 'sha256' = 'sha1',
): RemoteRepository {
  const path = join(folder, name)
  mkdirSync(folder, { recursive: true })
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'T',
    GIT_AUTHOR_EMAIL: 't@example.com',
    GIT_COMMITTER_NAME: 'T',
    GIT_COMMITTER_EMAIL: 't@example.com',
  }
  const git = (args: readonly string[], input: string | Buffer = '') =>
    execFileSync('git', ['--git-dir', path, ...args], {
      env,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    })
      .toString()
      .trim()
  execFileSync(
    'git',
    ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', `--object-format=${objects}`, path],
    { env },
  )
  const blob = (content: string | Buffer) => git(['hash-object', '-w', '--stdin'], content)
  const point = (branch: string, tree: string) => {
    const commit = git(['commit-tree', tree, '-m', `Commit to ${branch}`])
    git(['update-ref', branch.startsWith('refs/') ? branch : `refs/heads/${branch}`, commit])
    return commit
  }
  return {
    path,
    url: `file://${path}`,
    git,
    blob,
    commit: (branch, files) => {
      const lines = Object.entries(files).map(([name, content]) => {
        if (typeof content === 'string' || Buffer.isBuffer(content)) return `100755 ${blob(content)}\t${name}`
        if ('leadsTo' in content) return `120000 ${blob(content.leadsTo)}\t${name}`
        return `160000 ${content.submodule}\t${name}`
      })
      const index = join(folder, `${name}.index`)
      const inIndex = (args: readonly string[], input = '') =>
        execFileSync('git', ['--git-dir', path, ...args], { env: { ...env, GIT_INDEX_FILE: index }, input })
          .toString()
          .trim()
      inIndex(['read-tree', '--empty'])
      inIndex(['update-index', '--index-info'], lines.map(line => `${line}\n`).join(''))
      return point(branch, inIndex(['write-tree']))
    },
    commitTree: (branch, entries) => {
      const body = Buffer.concat(
        entries.map(([mode, name, object]) =>
          Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, 'hex')]),
        ),
      )
      const tree = git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], body)
      return point(branch, tree)
    },
  }
}

/** A program that leaves a file where it ran. */
export function trap(folder: string, name: string): string {
  const program = join(folder, name)
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> ${join(folder, 'ran')}\ncat\n`, { mode: 0o755 })
  return program
}
