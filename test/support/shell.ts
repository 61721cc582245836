import { spawn } from '@lydell/node-pty'
import type { Test } from 'tap'

/** Any program in a real pseudo-terminal of 80 columns. */
export interface Shell {
  /** All that stands on the terminal so far, escapes and typed text included. */
  seen(): string
  /** Forgets what stands there. */
  clear(): void
  /** Resolves as soon as the terminal shows it; the test's own timeout ends a wait in vain. */
  until(pattern: RegExp): Promise<void>
  type(text: string): void
  resize(columns: number, rows: number): void
  /** Closes the terminal, as a window or a connection that goes away does: the system sends SIGHUP, and so do we. */
  hangUp(): void
  readonly pid: number
  readonly ended: Promise<number>
}

export function openShell(
  t: Test,
  file: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Shell {
  const terminal = spawn(file, [...args], { ...place, name: 'xterm-256color', cols: 80, rows: 30 })
  let text = ''
  let running = true
  const waiting = new Set<() => void>()
  terminal.onData(more => {
    text += more
    for (const look of waiting) look()
  })
  const ended = new Promise<number>(resolve => {
    terminal.onExit(({ exitCode }) => {
      running = false
      resolve(exitCode)
    })
  })
  t.teardown(() => {
    if (running) terminal.kill('SIGKILL')
  })
  return {
    seen: () => text,
    clear: () => (text = ''),
    until: pattern =>
      new Promise(resolve => {
        const look = () => {
          if (!pattern.test(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    type: typed => terminal.write(typed),
    resize: (columns, rows) => terminal.resize(columns, rows),
    // Its types leave it out.
    hangUp: () => (terminal as unknown as { destroy(): void }).destroy(),
    pid: terminal.pid,
    ended,
  }
}
