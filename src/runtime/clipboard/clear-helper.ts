import { execFile, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { second } from '../../model/duration.ts'
import type { ClearingOrder } from './clear-later.ts'
import { digest } from './digest.ts'

/*
 * Empties the clipboard after a while, as a process of its own: the terminal is free at once, and may be closed. Whoever ends
 * this process early has the clipboard emptied early.
 */

const patience = 5 * second

/** Some programs end what they print with a line feed, which no secret has. */
async function holds({ paste: [command, ...args], digest: wanted }: ClearingOrder): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: patience, maxBuffer: 1_000_000 })
    return digest(stdout.replace(/\r?\n$/, '')) === wanted
  } catch (error) {
    return !tellsOfSomethingElse(error as Error & { readonly code?: unknown })
  }
}

/** Larger than any secret, or, where xclip fails, no text: a picture, say. A clipboard that cannot be read is rather emptied than left. */
function tellsOfSomethingElse({ code }: { readonly code?: unknown }): boolean {
  return code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' || (typeof code === 'number' && code !== 0)
}

function empty({ clear: [command, ...args] }: ClearingOrder): void {
  const child = spawn(command, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
  })
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.stdin.end()
  child.unref()
}

async function clear(early: AbortSignal): Promise<void> {
  const order = JSON.parse(await text(process.stdin)) as ClearingOrder
  await setTimeout(order.after, undefined, { signal: early }).catch(() => undefined)
  if (await holds(order)) empty(order)
}

const early = new AbortController()
const hurry = () => {
  early.abort()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hurry)
void clear(early.signal)
