import { type ChildProcess, spawn } from 'node:child_process'
import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { ProgramLine } from '../model/store.ts'

export interface ProgramEnd {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramCall {
  readonly line: ProgramLine
  /** All of its standard input; by default nothing. */
  readonly input?: string
  readonly env: NodeJS.ProcessEnv
  readonly timeout: Milliseconds
  /** What to do where the program is missing. */
  readonly install: string
}

/** The most that is kept of each output. */
const maximumOutput = 1 << 20

/** Our own variables and the switches of Node stay with us; everything else is the program's business. */
export function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(FLUXLOOP_|NODE_OPTIONS$|NODE_DEBUG$|DEBUG$)/i.test(name)),
  )
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}

/**
 * Runs a program to its end, without a shell. Rejects with a `Failure` where it cannot be started or does not end in time,
 * which costs it and its children their lives. Its own failure is an answer like any other.
 */
export function runProgram({ line, input, env, timeout, install }: ProgramCall): Promise<ProgramEnd> {
  const [program = '', ...args] = line
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: programEnvironment(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: it is killed with its children, and Ctrl-C, which lets us finish what is in flight, is not for it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const timer = setTimeout(() => {
      kill(child)
      const hints = [
        'It may wait for an answer that nobody gives. Run it by hand to see, or raise `timeout`.',
      ]
      reject(
        new Failure('failed', `${program} did not end within ${timeout / second} seconds`, {
          hints,
        }),
      )
    }, timeout)
    const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    for (const name of ['stdout', 'stderr'] as const) {
      let size = 0
      child[name].on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= maximumOutput) outputs[name].push(chunk)
      })
    }
    child.on('error', error => {
      clearTimeout(timer)
      reject(startFailure(program, error, install))
    })
    child.on('close', code => {
      clearTimeout(timer)
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(outputs[name]).toString('utf8')
      resolve({ code, stdout: text('stdout'), stderr: text('stderr') })
    })
    // A program that does not read its input ends as it likes: its exit code tells.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}

function startFailure(program: string, error: Error & { readonly code?: unknown }, install: string): Failure {
  if (error.code === 'ENOENT')
    return new Failure('not-found', `The program ${program} is not installed here`, { hints: [install] })
  if (error.code === 'EACCES')
    return new Failure('failed', `The program ${program} may not be run`, { hints: ['Check its mode.'] })
  return new Failure('failed', `The program ${program} cannot be started (${String(error.code)})`)
}
