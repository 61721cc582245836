import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** By path from the root: the text of a file, or where a link leads. */
export type Files = Readonly<Record<string, string | { readonly leadsTo: string }>>

/** A bare repository, as a host keeps it. */
export interface GitRepository {
  readonly path: string
  /** Makes a commit with exactly these files, and says its name. */
  commit(branch: string, files: Files, parents?: readonly string[]): string
  tip(branch: string): string
  /** Commits of the second that the first lacks. */
  behind(commit: string, of: string): number
  parents(commit: string): readonly string[]
  tree(commit: string): readonly { readonly mode: string; readonly sha: string; readonly path: string }[]
  blob(sha: string): Buffer
  /** The newest first, as far as they touched a path. */
  log(branch: string, path: string): readonly string[]
  /** GitHub's trial merge; null where the two conflict. */
  tryMerge(base: string, head: string): string | null
  /** Merges by squash, and says which commit that made. */
  squash(branch: string, head: string): string
  /** Writes the files of a commit into a folder, with a `.git` in it. */
  checkOut(commit: string, folder: string): void
}

const nobody = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@example.com',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@example.com',
}

/** What is said of commits by their names never changes, and a process costs more than all else here. */
function remembered<Arguments extends readonly string[], Result>(
  ask: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  const known = new Map<string, Result>()
  return (...args) => {
    const name = args.join(' ')
    const found = known.get(name)
    if (found !== undefined) return found
    const result = ask(...args)
    known.set(name, result)
    return result
  }
}

export function gitRepository(folder: string): GitRepository {
  const path = join(folder, 'repository.git')
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...nobody }
  const git = (args: readonly string[], input: string | Buffer = '') =>
    execFileSync('git', ['--git-dir', path, ...args], { env, input, stdio: ['pipe', 'pipe', 'pipe'] })
  const lines = (args: readonly string[]) => git(args).toString().split('\n').filter(Boolean)
  execFileSync('git', ['init', '--quiet', '--bare', path], { env })
  const tips = new Map<string, string>()
  return {
    path,
    commit: (branch, files, parents = []) => {
      const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
      const [first, ...others] = parents
      const stream = [
        `commit refs/heads/${branch}\n`,
        'committer T <t@example.com> 1700000000 +0000\n',
        data(`Commit to ${branch}`),
        ...(first === undefined ? [] : [`from ${first}\n`]),
        ...others.map(parent => `merge ${parent}\n`),
        'deleteall\n',
        ...Object.entries(files).map(([name, text]) =>
          typeof text === 'string'
            ? `M 100644 inline ${JSON.stringify(name)}\n${data(text)}`
            : `M 120000 inline ${JSON.stringify(name)}\n${data(text.leadsTo)}`,
        ),
      ]
      git(['fast-import', '--quiet', '--force'], stream.join(''))
      const made = lines(['rev-parse', `refs/heads/${branch}`])[0] ?? ''
      tips.set(branch, made)
      return made
    },
    tip: branch => tips.get(branch) ?? '',
    behind: remembered((commit, of) => Number(lines(['rev-list', '--count', `${commit}..${of}`])[0])),
    parents: remembered(commit => lines(['log', '-1', '--format=%P', commit])[0]?.split(' ') ?? []),
    tree: remembered(commit =>
      lines(['ls-tree', '-r', '--full-tree', commit]).map(line => {
        const [head = '', name = ''] = line.split('\t')
        const [mode = '', , sha = ''] = head.split(' ')
        return { mode, sha, path: name.startsWith('"') ? (JSON.parse(name) as string) : name }
      }),
    ),
    blob: remembered(sha => git(['cat-file', 'blob', sha])),
    log: (branch, of) => lines(['log', '--format=%H', branch, '--', of]),
    tryMerge: remembered((base, head) => {
      let tree: string
      try {
        tree = lines(['merge-tree', '--write-tree', base, head])[0] ?? ''
      } catch {
        return null
      }
      return lines(['commit-tree', tree, '-p', base, '-p', head, '-m', 'Trial merge'])[0] ?? null
    }),
    squash: (branch, head) => {
      const base = tips.get(branch) ?? ''
      const tree = lines(['merge-tree', '--write-tree', base, head])[0] ?? ''
      const commit = lines(['commit-tree', tree, '-p', base, '-m', 'Squashed'])[0] ?? ''
      git(['update-ref', `refs/heads/${branch}`, commit])
      tips.set(branch, commit)
      return commit
    },
    checkOut: (commit, into) => {
      execFileSync('git', ['init', '--quiet', into], { env })
      const archive = git(['archive', '--format=tar', commit])
      execFileSync('tar', ['-xf', '-', '-C', into], { env, input: archive })
    },
  }
}
