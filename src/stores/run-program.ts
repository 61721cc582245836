import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Milliseconds, second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { ProgramLine } from '../model/store.ts'
import { programEnvironment } from './child-environment.ts'
import { findProgram, withAbsolutePath } from './find-program.ts'
import type { Fence } from './secret-store.ts'
import { apart, collect, endsWithUs, killGroup } from './process-group.ts'

export interface ProgramEnd {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** It printed more than was kept. */
  readonly cut: boolean
}

export interface ProgramCall {
  readonly line: ProgramLine
  /** All of its standard input; by default it has none. */
  readonly input?: string
  /** Asked right before it is started. */
  readonly fence?: Fence | undefined
  readonly env: NodeJS.ProcessEnv
  readonly timeout: Milliseconds
  /** What to do where the program is missing. */
  readonly install: string
}

/** The most that is kept of each output, in bytes. */
const maximumOutput = 1 << 20

/** A program that is asked to end has this long to put its things in order. */
const lastWords: Milliseconds = 2 * second

/** What a program leaves running (gpg its agent, say) may hold its outputs open: nobody waits for that longer than this. */
const afterExit: Milliseconds = second / 2

/** Whoever reads from it finds its end where we end, whatever ends us: then the program ends with all that it started. */
const lifeline = '{ read -r _ <&3; kill -s KILL 0; } >/dev/null 2>&1 & exec 3<&-'

/**
 * Node's children get a socket as standard input. It cannot be opened as /dev/stdin, which is how `aws` and `az` read a secret,
 * and some programs (`op`) take nothing from it. So `cat` makes a pipe of it.
 */
const throughPipe = 'cat | '

/** No shell reads the program's arguments. */
function plumbed(
  path: string,
  args: readonly string[],
  piped: boolean,
): readonly [string, readonly string[]] {
  if (process.platform === 'win32') return [path, args]
  const script = `${lifeline}; ${piped ? throughPipe : ''}"$@"; code=$?; kill $!; exit $code`
  return ['/bin/sh', ['-c', script, 'sh', path, ...args]]
}

async function pathOf(program: string, { env, install }: ProgramCall): Promise<string> {
  const path = await findProgram(program, env)
  if (path !== null) return path
  if (program.includes('/') && existsSync(program))
    throw new Failure('failed', `The program ${program} may not be run`, { hints: ['Check its mode.'] })
  throw new Failure('not-found', `The program ${program} is not installed here`, { hints: [install] })
}

/**
 * Runs a program to its end, in a group and session of its own: it is ended with its children, Ctrl-C, which lets us finish
 * what is in flight, is not for it, and it cannot ask questions on our terminal. Rejects with a `Failure` where it cannot be
 * started or does not end in time. Its own failure is an answer like any other.
 */
export async function runProgram(call: ProgramCall): Promise<ProgramEnd> {
  const { line, input, env, timeout } = call
  const [program = '', ...rest] = line
  const [command, args] = plumbed(await pathOf(program, call), rest, input !== undefined)
  call.fence?.()
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: withAbsolutePath(programEnvironment(env)),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
      ...apart,
    })
    const outputs = {
      stdout: collect(child.stdout, maximumOutput),
      stderr: collect(child.stderr, maximumOutput),
    }
    let expired = false
    const timers = [
      setTimeout(() => {
        expired = true
        killGroup(child, 'SIGTERM')
        timers.push(setTimeout(() => killGroup(child, 'SIGKILL'), lastWords))
      }, timeout),
    ]
    const isFirst = endsWithUs(child)
    /** True for the first that says so. */
    const isOver = () => {
      if (!isFirst()) return false
      for (const timer of timers) clearTimeout(timer)
      child.stdout?.destroy()
      child.stderr?.destroy()
      child.stdio[3]?.destroy()
      return true
    }
    const end = (code: number | null) => {
      if (!isOver()) return
      if (expired) {
        // What it started may have outlived it.
        killGroup(child, 'SIGKILL')
        reject(lateFailure(program, timeout))
        return
      }
      const [stdout, stderr] = [outputs.stdout(), outputs.stderr()]
      resolve({ code, stdout: stdout.text, stderr: stderr.text, cut: stdout.cut || stderr.cut })
    }
    child.once('error', error => {
      if (isOver()) reject(startFailure(program, error))
    })
    child.once('exit', code => {
      timers.push(setTimeout(() => end(code), afterExit))
    })
    child.once('close', end)
    // A program that does not read its input ends as it likes: its exit code tells.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function lateFailure(program: string, timeout: Milliseconds): Failure {
  return new Failure('failed', `${program} did not end within ${timeout / second} seconds`, {
    hints: ['It may wait for an answer that nobody gives. Run it by hand to see, or raise `timeout`.'],
  })
}

function startFailure(program: string, error: Error & { readonly code?: unknown }): Failure {
  return new Failure('failed', `The program ${program} cannot be started (${String(error.code)})`, {
    hints:
      process.platform === 'win32' && error.code === 'EINVAL'
        ? ['Windows runs batch files (.cmd, .bat) through its shell only, which is not used here. Use WSL.']
        : [],
  })
}
