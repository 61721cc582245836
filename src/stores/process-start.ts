import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { second } from '../model/duration.ts'
import { shortHash } from '../model/hash.ts'
import { runApart } from './process-group.ts'

/**
 * The space of process ids that a process lives in: machine, and on Linux the container. An id from another space says
 * nothing about our own processes.
 */
export async function processSpace(): Promise<string> {
  const namespace = process.platform === 'linux' ? await readlink('/proc/self/ns/pid').catch(() => '') : ''
  const machine = await readFile('/etc/machine-id', 'utf8').catch(() => '')
  // The first namespace of every machine has the same number, and machines that share a home may have the same name.
  return [hostname(), namespace, machine === '' ? '' : shortHash(machine, 8)].join(' ').trim()
}

/** Of a process that lives, and for which the system does not say since when. */
export const unknownStart = 'alive'

/**
 * When a process started, as a text that only compares; null where there is no such process. Process ids are used again,
 * so an id alone does not name a process.
 */
export async function processStart(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Fields 3 and 22 of proc(5); the second, a name in parentheses, may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === 'Z' || fields[0] === 'X') return null
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
      return `${boot.trim()} ${fields[19] ?? ''}`
    } catch {
      return null
    }
  }
  if (!isAlive(pid)) return null
  return process.platform === 'win32' ? unknownStart : startFromPs(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, but is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function startFromPs(pid: number): Promise<string> {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  const limits = { timeout: 10 * second, most: 1 << 16 }
  const { code, stdout } = await runApart('ps', ['-o', 'lstart=', '-p', String(pid)], { env }, limits)
  return code === 0 ? stdout.trim() : unknownStart
}
