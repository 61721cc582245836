import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Ended } from './program.ts'

/** One run of the built program. */
export interface Order {
  /** The built file that users start. Its last act is to set the exit code. */
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Its standard input. */
  readonly input: string
  /** What is loaded before it, by address. */
  readonly imports: readonly string[]
  /** What runs Node with the rest of the line; nothing where it is empty. */
  readonly within: readonly string[]
}

interface Told {
  readonly stdout?: string
  readonly stderr?: string
  /** The last that is told. */
  readonly code?: number
}

interface Warm {
  readonly play: (order: Order) => Promise<Ended>
  readonly isAlive: () => boolean
  readonly end: () => void
}

const file = fileURLToPath(new URL('warm-program.mjs', import.meta.url))

/** What is run again: the bin only looks at the version of Node, and loads its neighbour. */
function mainOf({ program }: Order): string {
  const main = basename(program) === 'start.cjs' ? join(dirname(program), 'main.js') : program
  return pathToFileURL(main).href
}

function openWarm({ imports, within }: Order): Warm {
  // Without what tap loads into every process of Node, by NODE_OPTIONS.
  const node = ['env', '-u', 'NODE_OPTIONS', process.execPath, ...imports.map(url => `--import=${url}`)]
  const [command, ...line] = [...within, ...node, file] as const
  const child = spawn(command, line, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'],
  })
  const answers = child.stdio[3]
  if (!(answers instanceof Socket)) throw new Error('The process has no pipe for its answers')
  const parts = [child, child.channel, child.stdout, child.stderr, answers] as readonly (Socket | null)[]
  // Only what is said past the streams of a run comes here: by a warning of Node, or a program that a run starts.
  let past = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (past += text))
  child.stdout?.resume()
  let onTold: (told: Told) => void = () => undefined
  const lines = createInterface({ input: answers })
  lines.on('line', line => onTold(JSON.parse(line) as Told))
  const died = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(
    ([[, signal]]) => signal as NodeJS.Signals | null,
  )
  const play = (order: Order): Promise<Ended> => {
    past = ''
    let [stdout, stderr] = ['', '']
    // While it rests it keeps no test alive; it ends with the process of the test.
    for (const part of parts) part?.ref()
    return new Promise(resolve => {
      let isOver = false
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (isOver) return
        isOver = true
        if (signal === null) for (const part of parts) part?.unref()
        onTold = () => undefined
        resolve({ code, signal, stdout, stderr: past + stderr })
      }
      onTold = told => {
        stdout += told.stdout ?? ''
        stderr += told.stderr ?? ''
        if (told.code !== undefined) end(told.code, null)
      }
      void died.then(signal => end(signal === null ? 1 : null, signal))
      child.send({ ...order, main: mainOf(order) })
    })
  }
  return {
    play,
    isAlive: () => child.exitCode === null && child.signalCode === null && child.connected,
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}

/** Those that nobody uses, the longest unused first. */
const resting: { readonly kind: string; readonly warm: Warm }[] = []
const most = 8

function takeWarm(kind: string): Warm | null {
  const index = resting.findLastIndex(one => one.kind === kind)
  if (index < 0) return null
  const [{ warm } = { warm: null }] = resting.splice(index, 1)
  return warm?.isAlive() === true ? warm : takeWarm(kind)
}

/**
 * Runs the program in a process that ran it before, which takes a tenth of the time of a new one. For what is none of a process's
 * own: no terminal, no signals but those that the run sends itself, no programs that get its streams.
 */
export async function runWarm(order: Order): Promise<Ended> {
  const kind = JSON.stringify([mainOf(order), order.imports, order.within])
  const warm = takeWarm(kind) ?? openWarm(order)
  const ended = await warm.play(order)
  resting.push({ kind, warm })
  if (resting.length > most) resting.shift()?.warm.end()
  return ended
}
