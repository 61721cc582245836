import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** One program to run with Node: its arguments, and what its environment has in addition to ours. */
export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** 0 unless given. */
  readonly exitCode?: number
}

/** Settings of this shell that would make Node itself slower, or the program another one. */
const unwanted = /^(NODE_|FLUXLOOP_)/

function environment(own: Program['env']): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name))
  return { ...Object.fromEntries(kept), ...own }
}

/** Runs it to its end. Resolves to what it wrote to descriptor 3; rejects where it fails. */
async function run({ args, env, exitCode = 0 }: Program): Promise<string> {
  const child = spawn(process.execPath, args, {
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const [complaints, report] = await Promise.all([
    text(child.stdio[2] as Readable),
    text(child.stdio[3] as Readable),
    ended,
  ])
  if (child.exitCode !== exitCode) throw new Error(`node ${args.join(' ')} failed:\n${complaints}`)
  return report
}

/** Milliseconds from start to end. */
export async function wallTime(program: Program): Promise<number> {
  const start = process.hrtime.bigint()
  await run(program)
  return Number(process.hrtime.bigint() - start) / 1e6
}

// On Linux the figure of getrusage begins with that of the process that started this one, so the kernel's own mark is read.
const reporter = `
import { readFileSync, writeSync } from 'node:fs'
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  let kilobytes = maxRSS
  try {
    kilobytes = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {}
  const processor = (userCPUTime + systemCPUTime) / 1000
  writeSync(3, JSON.stringify({ megabytes: kilobytes / 1024, processor }))
})`

export interface Resources {
  /** The most memory that it ever had. */
  readonly megabytes: number
  /** Milliseconds of work, on whatever core: hardly longer where others work too. */
  readonly processor: number
}

/** What a program uses, in a run of its own, since asking takes time too. */
export async function resourcesOf({ args, ...rest }: Program): Promise<Resources> {
  const hook = `data:text/javascript,${encodeURIComponent(reporter)}`
  const report = await run({ args: ['--import', hook, ...args], ...rest })
  return JSON.parse(report) as Resources
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
