import { execFile } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { childEnvironment } from './stores/child-environment.ts'

/** An earlier text of a file. */
export interface FileVersion {
  /** Absolute. */
  readonly file: string
  readonly text: string
}

export interface FileHistory {
  /** The newest first, every text once. */
  readonly versions: readonly FileVersion[]
  /** How much of the past it is; `none`: no repository knows the files. */
  readonly reach: 'whole' | 'bounded' | 'shallow' | 'none'
}

/** Commits that touch a file; beyond that nobody remembers what it said. */
const maximumCommits = 100
const maximumBytes = 64 * 1024 * 1024

/** A repository of another owner is only read, and no program that its configuration names may run. */
const safely = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '--literal-pathspecs']

/** What git prints; null where it fails or is missing, which tells nobody anything. */
function git(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<Buffer | null> {
  const options = {
    env: { ...childEnvironment(env), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1' },
    timeout: 10_000,
    maxBuffer: maximumBytes,
    encoding: 'buffer' as const,
  }
  return new Promise(resolve => {
    const child = execFile('git', ['-C', folder, ...safely, ...args], options, (error, stdout) => {
      resolve(error === null ? stdout : null)
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** The blobs that `cat-file --batch` printed, in the order of the request; null for what is missing. */
function readBatch(output: Buffer): readonly (string | null)[] {
  const blobs: (string | null)[] = []
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0x0a, at)
    if (end === -1) break
    const [, kind, size] = output.toString('latin1', at, end).split(' ')
    const length = Number(size)
    if (kind !== 'blob' || !Number.isSafeInteger(length)) {
      blobs.push(null)
      at = end + 1
      continue
    }
    blobs.push(output.toString('utf8', end + 1, end + 1 + length))
    at = end + 1 + length + 1
  }
  return blobs
}

async function historyOf(file: string, env: NodeJS.ProcessEnv): Promise<FileHistory> {
  const [folder, name] = [dirname(file), basename(file)]
  const shallow = await git(folder, ['rev-parse', '--is-shallow-repository'], env)
  const none = { versions: [], reach: 'none' } as const
  if (shallow === null) return none
  const log = await git(
    folder,
    ['log', `--max-count=${maximumCommits + 1}`, '--format=%H', '--no-show-signature', '--', name],
    env,
  )
  const commits = (log ?? Buffer.alloc(0)).toString('latin1').split('\n').filter(Boolean)
  if (commits.length === 0) return none
  const asked = commits.slice(0, maximumCommits).map(commit => `${commit}:./${name}\n`)
  const batch = await git(folder, ['cat-file', '--batch'], env, asked.join(''))
  const texts = new Set(readBatch(batch ?? Buffer.alloc(0)).filter(text => text !== null))
  const cut = commits.length > maximumCommits || batch === null
  const reach = cut ? 'bounded' : shallow.toString('latin1').trim() === 'true' ? 'shallow' : 'whole'
  return { versions: [...texts].map(text => ({ file, text })), reach }
}

const worst = ['none', 'shallow', 'bounded', 'whole'] as const

/**
 * The earlier texts of files, from the git repositories around them: of each file those of the last 100 commits that touched
 * it, under the name that it has now. Never rejects: whatever keeps git from answering is a history that nobody has.
 */
export async function fileHistory(files: readonly string[], env: NodeJS.ProcessEnv): Promise<FileHistory> {
  const all: FileHistory[] = []
  for (const file of files) all.push(await historyOf(file, env))
  const reach = worst.find(one => all.some(each => each.reach === one)) ?? 'none'
  return { versions: all.flatMap(({ versions }) => versions), reach }
}
