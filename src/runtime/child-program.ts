import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { inheritedDescriptors } from './inherited-descriptors.ts'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** The whole of its environment. */
  readonly env: NodeJS.ProcessEnv
}

export type ProgramEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  /** `code`: what the system says, such as `ENOENT`. */
  | { readonly kind: 'not-started'; readonly code: string }

/** Somebody sends these to our process alone, and means the program. */
const meantForProgram: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']

/** These a terminal sends to both of us. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH']

/** Is there a terminal that sends signals, whatever the three streams are? */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}

function notStarted(error: unknown): ProgramEnd {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return { kind: 'not-started', code }
}

/** The three streams, and each further descriptor under its own number. */
function streams(further: readonly number[]): (number | 'inherit' | 'ignore')[] {
  const last = Math.max(2, ...further)
  return Array.from({ length: last + 1 }, (_, fd) =>
    fd <= 2 ? 'inherit' : further.includes(fd) ? fd : 'ignore',
  )
}

/**
 * Runs a program in our place: it has our three streams, what else was opened for it, our terminal and our process group, and we live on until it ends,
 * whatever signals come. Ctrl-Z is left to the system, which stops both. Never rejects.
 */
export async function runProgram({ command, args, env }: Program): Promise<ProgramEnd> {
  return await new Promise(resolve => {
    let pass: (signal: NodeJS.Signals) => void = () => undefined
    const both = process.platform === 'win32' || hasTerminal()
    const listener = (signal: NodeJS.Signals) => {
      if (!(both && fromTerminal.includes(signal))) pass(signal)
    }
    const signals = process.platform === 'win32' ? [] : [...meantForProgram, ...fromTerminal]
    for (const signal of signals) process.on(signal, listener)
    const end = (how: ProgramEnd) => {
      // What was sent to both may be seen here after the end of the program.
      if (how.kind === 'not-started') for (const signal of signals) process.off(signal, listener)
      resolve(how)
    }
    try {
      const child = spawn(command, args, { stdio: streams(inheritedDescriptors()), env })
      pass = signal => void child.kill(signal)
      child.once('error', error => end(notStarted(error)))
      child.once('exit', (code, signal) =>
        end(signal === null ? { kind: 'exited', code: code ?? 1 } : { kind: 'killed', signal }),
      )
    } catch (error) {
      end(notStarted(error))
    }
  })
}
