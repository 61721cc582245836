import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** One program to run: with Node, unless a command is named. */
export interface Program {
  readonly command?: string
  readonly args: readonly string[]
  /** What its environment has in addition to ours. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** 0 unless given. */
  readonly exitCode?: number
}

/** What one run took, from start to end. */
export interface Measured {
  readonly milliseconds: number
  /** Milliseconds of work, on whatever core: hardly longer where others work too. */
  readonly processor: number
  /** The most memory that it ever had. */
  readonly megabytes: number
}

/** Settings of this shell that would make Node itself slower, or the program another one. */
const unwanted = /^(NODE_|FLUXLOOP_)/

function environment(own: Program['env']): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name))
  return { ...Object.fromEntries(kept), ...own }
}

// On Linux the figure of getrusage begins with that of the process that started this one, so the kernel's own mark is read. A script, since
// a module would make Node load what it has for modules.
const reporter = `
const fs = require('node:fs')
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  let kilobytes = maxRSS
  try {
    kilobytes = Number(/VmHWM:\\s*(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {}
  const own = globalThis.ownMilliseconds === undefined ? {} : { milliseconds: globalThis.ownMilliseconds }
  fs.writeSync(3, JSON.stringify({ megabytes: kilobytes / 1024, processor: (userCPUTime + systemCPUTime) / 1000, ...own }))
})`

/** What a program that is not ours uses, as often as one can look at it. */
function watched(pid: number): () => Omit<Measured, 'milliseconds'> {
  let seen = { megabytes: 0, processor: 0 }
  const look = () => {
    try {
      const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
      const [user, system] = rest.split(' ').slice(11, 13).map(Number)
      // Ticks of a hundredth of a second.
      if (kilobytes > 0) seen = { megabytes: kilobytes / 1024, processor: 10 * ((user ?? 0) + (system ?? 0)) }
    } catch {
      // It has ended.
    }
  }
  const timer = setInterval(look, 5)
  return () => {
    clearInterval(timer)
    return seen
  }
}

/** Runs it to its end; rejects where it fails. `folder` is ours. */
export async function measure(program: Program, folder: string): Promise<Measured> {
  const { command, args, env, cwd, exitCode = 0 } = program
  const hook = join(folder, 'report-resources.cjs')
  if (!existsSync(hook)) writeFileSync(hook, reporter)
  const hooked = command === undefined || command.endsWith('/node')
  const start = process.hrtime.bigint()
  const child = spawn(command ?? process.execPath, hooked ? ['--require', hook, ...args] : args, {
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const watching = hooked ? null : watched(child.pid ?? 0)
  const exited = once(child, 'exit').then(() => Number(process.hrtime.bigint() - start) / 1e6)
  const ended = once(child, 'close')
  const [complaints, report, milliseconds] = await Promise.all([
    text(child.stdio[2] as Readable),
    text(child.stdio[3] as Readable),
    exited,
    ended,
  ])
  if (child.exitCode !== exitCode)
    throw new Error(`${command ?? 'node'} ${args.join(' ')} failed:\n${complaints}`)
  const used = watching === null ? (JSON.parse(report) as Omit<Measured, 'milliseconds'>) : watching()
  return { milliseconds, ...used }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
