import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from '@lydell/node-pty'
import type { Test } from 'tap'
import { type Workplace, asUsersDo } from './program.ts'

/** The program in a pseudo-terminal whose size can change, inside a shell that says what it left behind. */
export interface PseudoTerminal {
  /** All that was shown so far, without escapes. */
  readonly seen: () => string
  /** The same, as it came. */
  readonly raw: () => string
  /** Forgets what was shown; waits from here on. */
  readonly forget: () => void
  /** Resolves as soon as the terminal shows it; rejects where the program ends without. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly type: (text: string) => void
  readonly resize: (columns: number) => void
  /** The exit code of the program, and whether the terminal's modes are what they were. */
  readonly ended: Promise<{ readonly code: number; readonly restored: boolean }>
}

export const keys = {
  enter: '\r',
  down: '\u001b[B',
  up: '\u001b[A',
  space: ' ',
  ctrlC: '\u0003',
  escape: '\u001b',
}

const escapes = /\u001b\[[\d;?]*[A-Za-z]/g

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

export function openPseudoTerminal(
  t: Test,
  place: Workplace,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): PseudoTerminal {
  const line = [...asUsersDo, ...args].map(quoted).join(' ')
  const script = `before=$(stty -g); ${line}; code=$?; [ "$before" = "$(stty -g)" ] && echo "restored $code" >"$ENDED" || echo "spoilt $code" >"$ENDED"`
  // In a file: what the terminal shows last may be gone with it.
  const end = join(place.root, `ended-${randomUUID()}`)
  const child = spawn('/bin/sh', ['-c', script], {
    cols: 80,
    rows: 30,
    cwd: place.work,
    env: { ...place.env, TERM: 'xterm-256color', ENDED: end, ...env },
  })
  let text = ''
  let from = 0
  let running = true
  const waiting = new Set<() => void>()
  child.onData(more => {
    text += more
    for (const look of waiting) look()
  })
  const ended = new Promise<{ code: number; restored: boolean }>(resolve =>
    child.onExit(() => {
      running = false
      for (const look of waiting) look()
      const [word, code] = existsSync(end) ? readFileSync(end, 'utf8').trim().split(' ') : []
      resolve({ code: Number(code), restored: word === 'restored' })
    }),
  )
  t.teardown(() => {
    if (running) child.kill()
  })
  const seen = () => text.slice(from).replaceAll(escapes, '')
  return {
    seen,
    raw: () => text,
    forget: () => void (from = text.length),
    until: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(seen())) resolve()
          else if (running) return
          else reject(new Error(`it ended without ${String(pattern)}:\n${seen()}`))
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    type: typed => child.write(typed),
    resize: columns => child.resize(columns, 30),
    ended,
  }
}
