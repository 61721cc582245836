import { type ChildProcess, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Milliseconds } from '../model/duration.ts'

/**
 * A child with a group and a session of its own is out of the terminal's reach: Ctrl-C, which lets us finish what is in flight, is
 * not for it, and it can be ended with all that it started.
 */
export const apart = { detached: process.platform !== 'win32', windowsHide: true } as const

/** The children at work: where we are made to end at once, none of them goes on in our name. */
const running = new Set<ChildProcess>()

/** Ends a child with all that it started. */
export function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It ended by itself in the meantime.
  }
}

function killAll(): void {
  for (const child of running) killGroup(child, 'SIGKILL')
}

/** From now on, until the function that this gives says that it is over, the child ends where we end. True for the first who says so. */
export function endsWithUs(child: ChildProcess): () => boolean {
  if (running.size === 0) process.on('exit', killAll)
  running.add(child)
  return () => {
    if (!running.delete(child)) return false
    if (running.size === 0) process.off('exit', killAll)
    return true
  }
}

/** What a stream has said so far, at most that many bytes. */
export function collect(
  stream: Readable | null,
  most: number,
): () => { readonly text: string; readonly cut: boolean } {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    if (size < most) chunks.push(chunk)
    size += chunk.length
  })
  return () => ({ text: Buffer.concat(chunks).subarray(0, most).toString('utf8'), cut: size > most })
}

export interface Answer {
  /** Null where it was ended, printed more than `most`, or could not be started. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the system to its end, without input. Never rejects. */
export function runApart(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptionsWithoutStdio, 'cwd' | 'env'>,
  { timeout, most }: { readonly timeout: Milliseconds; readonly most: number },
): Promise<Answer> {
  return new Promise(resolve => {
    const child = spawn(command, args, { ...options, ...apart, stdio: ['ignore', 'pipe', 'pipe'] })
    const outputs = [collect(child.stdout, most), collect(child.stderr, most)] as const
    const isOver = endsWithUs(child)
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), timeout)
    const end = (code: number | null) => {
      if (!isOver()) return
      clearTimeout(timer)
      const [stdout, stderr] = [outputs[0](), outputs[1]()]
      resolve({ code: stdout.cut || stderr.cut ? null : code, stdout: stdout.text, stderr: stderr.text })
    }
    child.once('error', () => end(null))
    child.once('close', end)
  })
}
