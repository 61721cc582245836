import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { type Workplace, asUsersDo } from './program.ts'

/** A program in a pseudo-terminal of its own, by `script` of util-linux. */
export interface Terminal {
  /** All that stands on the terminal so far, escapes and typed text included. */
  seen(): string
  /** Resolves as soon as the terminal shows it; rejects where the program ends before. */
  until(pattern: RegExp): Promise<void>
  type(text: string): void
  /** The exit code, as a shell gives it. */
  readonly ended: Promise<number | null>
}

export const ctrlC = '\u0003'

/** `line`: what follows the name of the program in a shell, redirections included. */
export function openTerminal(
  t: Test,
  place: Workplace,
  line: string,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const command = `stty cols 80; exec ${asUsersDo.join(' ')} ${line}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: place.work,
    env: { ...place.env, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  let text = ''
  const looks = new Set<(over: boolean) => void>()
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    for (const look of looks) look(false)
  })
  // The program may be gone before what is typed arrives.
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close').then(([code]) => {
    for (const look of looks) look(true)
    return code as number | null
  })
  return {
    seen: () => text,
    until: pattern =>
      new Promise((resolve, reject) => {
        const look = (over: boolean) => {
          if (pattern.test(text)) resolve()
          else if (over) reject(new Error(`The terminal never showed ${String(pattern)}, but:\n${text}`))
        }
        looks.add(look)
        look(child.exitCode !== null)
      }),
    type: typed => void child.stdin.write(typed),
    ended: closed,
  }
}
