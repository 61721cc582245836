import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { callersVariables } from '../platform/credentials.ts'
import { holdsCallersKey } from '../stores/child-environment.ts'

/** The kernel allows less: a quarter of the stack. */
const largestBlock = 16 * 1024 * 1024

/**
 * Where in memory the environment lies that this process was started with: fields 50 and 51 of /proc/self/stat, see proc(5). Null
 * where the kernel does not say.
 */
function initialBlock(): { readonly start: number; readonly length: number } | null {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The second field is the program's name in parentheses, and may hold anything. The third comes right after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [start, end] = [Number(fields[50 - 3]), Number(fields[51 - 3])]
  const length = end - start
  return Number.isSafeInteger(end) && start > 0 && length > 0 && length <= largestBlock
    ? { start, length }
    : null
}

/** Offset and length of the value of each `NAME=value` in a block that is to be erased. */
function valuesToErase(
  block: Buffer,
  isErased: (name: string, value: string) => boolean,
): readonly (readonly [offset: number, length: number])[] {
  const found: (readonly [number, number])[] = []
  for (let from = 0; from < block.length;) {
    const zero = block.indexOf(0, from)
    const to = zero < 0 ? block.length : zero
    const equals = block.indexOf('=', from)
    if (equals >= 0 && equals < to) {
      const value = equals + 1
      if (isErased(block.toString('utf8', from, equals), block.toString('utf8', value, to)))
        found.push([value, to - value])
    }
    from = to + 1
  }
  return found
}

function eraseFromBlock(isErased: (name: string, value: string) => boolean): void {
  const where = initialBlock()
  if (where === null) return
  const memory = openSync('/proc/self/mem', 'r+')
  try {
    const block = Buffer.alloc(where.length)
    if (readSync(memory, block, 0, where.length, where.start) !== where.length) return
    // What others see is what we are about to change, or else nothing is changed.
    if (!block.equals(readFileSync('/proc/self/environ'))) return
    for (const [offset, length] of valuesToErase(block, isErased))
      writeSync(memory, Buffer.alloc(length), 0, length, where.start + offset)
  } finally {
    closeSync(memory)
  }
}

/**
 * The environment of this process. On Linux every process of the same user can read /proc/PID/environ of ours, and the programs that
 * we start find us as their parent: so the caller's key is overwritten there, and from then on only what this returns has it
 * (`process.env` reads the same memory). Elsewhere, and where the kernel does not let us, it stays: nothing depends on it.
 */
export function takeEnvironment(): NodeJS.ProcessEnv {
  const { env } = process
  if (process.platform !== 'linux' || callersVariables(env).every(name => env[name] === undefined)) return env
  const kept = { ...env }
  try {
    eraseFromBlock(holdsCallersKey(kept))
  } catch {
    // No /proc, or a kernel that forbids it.
  }
  return kept
}
