import { spawn } from 'node:child_process'
import type { Milliseconds } from '../../../src/model/duration.ts'
import { apart, collect, endsWithUs, killGroup } from '../../../src/stores/process-group.ts'

export interface GitEnd {
  /** Null where it was ended. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
  /** Why we ended it; null where it ended by itself. */
  readonly stopped: 'late' | 'too much' | 'interrupted' | null
}

export interface GitCall {
  readonly git: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** All of its standard input. */
  readonly input?: string
  /** How long it may take from now on. */
  readonly time: Milliseconds
  /** The most that it may print, in bytes: it is ended where it prints more. */
  readonly most: number
  /** The largest file that it may write, in bytes. */
  readonly largestFile: number
  readonly signal: AbortSignal | null
  /** Takes what it prints, piece by piece; `stdout` of the end is empty then. */
  readonly take?: (chunk: Buffer) => Promise<void>
}

/** Objects of a hostile repository unpack into any size: a process of git gets this much memory at most, where the system can limit it. */
const memoryInKilobytes = 4 * 1024 * 1024

/** The limits hold for git and all that it starts; no shell reads its arguments. */
function limited({ git, args, largestFile }: GitCall): readonly [string, readonly string[]] {
  if (process.platform === 'win32') return [git, args]
  const blocks = Math.max(1, Math.ceil(largestFile / 512))
  const script = `ulimit -c 0; ulimit -f ${blocks} || exit 125; ulimit -v ${memoryInKilobytes} 2>/dev/null; exec "$@"`
  return ['/bin/sh', ['-c', script, 'sh', git, ...args]]
}

/** Runs git to its end, in a group of its own that is ended as a whole. Rejects with what `take` rejects with, and nothing else. */
export async function runGit(call: GitCall): Promise<GitEnd> {
  const { env, cwd, input, time, most, signal, take } = call
  const [command, args] = limited(call)
  const child = spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'], ...apart })
  const isOver = endsWithUs(child)
  const end: { stopped: GitEnd['stopped'] } = { stopped: null }
  const stop = (why: GitEnd['stopped']) => {
    end.stopped ??= why
    killGroup(child, 'SIGKILL')
  }
  const interrupt = () => stop('interrupted')
  const timer = setTimeout(() => stop('late'), Math.max(1, time))
  signal?.addEventListener('abort', interrupt, { once: true })
  if (signal?.aborted === true) interrupt()
  const errors = collect(child.stderr, 65_536)
  const ended = new Promise<number | null>(resolve => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  const chunks: Buffer[] = []
  let size = 0
  const faults: unknown[] = []
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > most) {
        stop('too much')
        break
      }
      if (take === undefined) chunks.push(chunk)
      else await take(chunk)
    }
  } catch (error) {
    // An output that is cut short says no more than that git was ended.
    const isCut = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
    if (!isCut) faults.push(error)
    stop('interrupted')
  }
  const code = await ended
  clearTimeout(timer)
  signal?.removeEventListener('abort', interrupt)
  isOver()
  if (faults.length > 0) throw faults[0]
  return {
    code: end.stopped === null ? code : null,
    stdout: Buffer.concat(chunks),
    stderr: errors().text,
    stopped: end.stopped,
  }
}
