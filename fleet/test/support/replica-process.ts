import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Milliseconds } from '../../../src/model/duration.ts'
import { bundled } from '../../../test/support/bundled.ts'

/** What a replica of a test is told. */
export interface ReplicaTiming {
  /** The fleet file. */
  readonly file: string
  readonly lease: Milliseconds
  readonly tick: Milliseconds
  /** When a stack is due again that failed, or that somebody else had. */
  readonly retry: Milliseconds
  readonly parallelism: number
  readonly once: boolean
}

export interface ReplicaOptions extends ReplicaTiming {
  /** How far its clock is ahead. */
  readonly off: Milliseconds
  /** The state of its machine, such as locks; replicas with one folder are on one machine. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface ReplicaProcess {
  readonly child: ChildProcess
  readonly isUp: () => boolean
  /** What it logged. */
  readonly lines: () => readonly string[]
  /** Resolves once it ended, to its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>
}

/** A bundle of the program, so that a replica starts as quickly as the built one. */
export function bundledReplica(): Promise<string> {
  return bundled(fileURLToPath(new URL('./replica-program.ts', import.meta.url)))
}

const offClock = new URL('./off-clock.mjs', import.meta.url).href

/** Starts a replica. It ends with the test at the latest. */
export function startReplica(
  t: Pick<Test, 'teardown'>,
  bundle: string,
  { off, home, env, ...timing }: ReplicaOptions,
): ReplicaProcess {
  const child = spawn(process.execPath, [`--import=${offClock}`, bundle], {
    env: {
      ...{ PATH: process.env['PATH'], HOME: home, XDG_STATE_HOME: join(home, 'state'), ...env },
      ...{ OFF_CLOCK: String(off), REPLICA: JSON.stringify(timing) },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const isUp = () => child.exitCode === null && child.signalCode === null
  t.teardown(async () => {
    if (isUp()) child.kill('SIGKILL')
    await ended
  })
  return { child, isUp, lines: () => said.split('\n').filter(line => line !== ''), ended }
}

/** Ends replicas as a system does. Resolves to exit codes other than 0: one that has only just begun ends by the signal itself. */
export async function terminate(replicas: readonly ReplicaProcess[]): Promise<readonly number[]> {
  for (const { child } of replicas) child.kill('SIGTERM')
  const codes = await Promise.all(replicas.map(({ ended }) => ended))
  return codes.flatMap(code => (code === null || code === 0 ? [] : [code]))
}
