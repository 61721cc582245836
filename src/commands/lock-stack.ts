import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { type Milliseconds, parseWait } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { suggestUnit } from '../model/suggest-unit.ts'
import type { LockState, LockTarget } from '../model/stack-lock.ts'
import { originOf } from '../platform/endpoint.ts'
import { holderText, targetText } from '../render/report/stack-lock-text.ts'
import type { Connection } from '../runtime/connection.ts'
import type { Lease } from '../stores/lease.ts'
import { type FleetRun, joinFleet } from './fleet/join-fleet.ts'

/** What the lock of a stack at this URL is about; null where no other process can reach the platform. */
export function lockTarget(url: string, stack: string, cwd: string): LockTarget | null {
  if (url === 'sandbox:') return null
  const path = url.startsWith('sandbox:') ? url.slice('sandbox:'.length) : null
  return { origin: path === null ? originOf(url) : `sandbox:${resolve(cwd, path)}`, stack }
}

/** How long to wait for a lock; not at all where nothing was said, as Terraform has it. Throws a usage `Failure`. */
export function lockPatience(asked: string | null): Milliseconds {
  if (asked === null) return 0
  const patience = parseWait(asked)
  if (patience !== null) return patience
  throw new Failure('usage', `--lock-timeout takes a time to wait such as 30s or 10m, not \`${asked}\``, {
    hints: suggestUnit(asked, 's'),
  })
}

export function lockedFailure(target: LockTarget, state: LockState, path: string): Failure {
  const holder = state.kind === 'free' ? null : state.holder
  return new Failure('conflict', `${targetText(target)} is locked by ${holderText(holder)}`, {
    hints: [
      'Nothing was changed. Wait for that run: --lock-timeout 10m',
      `The lock is ${path}. Once nobody has renewed it for a minute, a run that waits takes it over.`,
    ],
  })
}

/** What a run says while it waits for another. */
function waitingText(target: LockTarget, state: LockState, path: string): string {
  const holder = holderText(state.kind === 'free' ? null : state.holder)
  if (state.kind !== 'unknown') return `Waiting for ${holder}, which has the lock of ${targetText(target)}.`
  return `Waiting for up to a minute to see whether ${holder} is alive, which has the lock of ${targetText(target)} (${path}).`
}

/**
 * Takes the lock of a stack, in time: once it is known which it is, and before anything is looked at. Resolves to false where
 * there can be none, so that another run of this machine may be at work.
 */
export type Lock = (connection: Pick<Connection, 'url' | 'client'>, stack: string) => Promise<boolean>

/** What keeps others from a stack while a run is at work on it. */
export interface Held {
  readonly lock: Lock
  /** Aborted where another run takes over meanwhile, because this one was stopped for a time. */
  readonly lost: AbortSignal
  /** What the run is to its fleet, once it has the lock; null: there is no fleet, or nobody else can reach the platform. */
  readonly fleetRun: () => FleetRun | null
}

export interface LockOptions {
  readonly command: string
  readonly lockTimeout: string | null
  /** Go on without the fleet that the environment names. */
  readonly withoutFleet: boolean
}

/**
 * Runs `work`, and lets go afterwards of the lock that it took, and of the lease of its fleet. Where no lock can be made the run goes on and
 * says so: runs on two machines have none either, and converge. Where a fleet cannot be asked it does not.
 */
export async function whileLocking<Result>(
  options: LockOptions,
  context: Context,
  work: (held: Held) => Promise<Result>,
): Promise<Result> {
  const patience = lockPatience(options.lockTimeout)
  const leases: Pick<Lease, 'release'>[] = []
  const lost = new AbortController()
  let fleetRun: FleetRun | null = null
  const lockHere = async (target: LockTarget): Promise<boolean> => {
    const stackLock = await context.stackLock(target)
    const onWait = (state: LockState) => context.stderr.print(waitingText(target, state, stackLock.path))
    try {
      const taken = await stackLock.take({ command: options.command, patience, onWait })
      if (taken.lease === null) throw lockedFailure(target, taken.state, stackLock.path)
      leases.push(taken.lease)
      taken.lease.lost.addEventListener('abort', () => {
        context.stderr.print(
          `Another run has taken over or removed ${stackLock.path}. Finishing what is in flight; nothing new is begun.`,
        )
        lost.abort()
      })
      return true
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code === 'conflict') throw cause
      context.stderr.print(`Going on without a lock: other runs on this machine go unseen. ${cause.message}`)
      return false
    }
  }
  const lock: Lock = async ({ url, client }, stack) => {
    const target = lockTarget(url, stack, context.cwd)
    if (target === null) return true
    const isAlone = await lockHere(target)
    fleetRun = await joinFleet(target, { ...options, patience }, context)
    if (fleetRun === null) return isAlone
    leases.push(fleetRun)
    client.underLease(fleetRun.lease)
    fleetRun.lease.lost.addEventListener('abort', () => {
      context.stderr.print(
        `The lease of ${targetText(target)} was not renewed in time, or another run of the fleet has it. Finishing what is in flight; nothing new is begun.`,
      )
      lost.abort()
    })
    return isAlone
  }
  try {
    return await work({ lock, lost: lost.signal, fleetRun: () => fleetRun })
  } finally {
    for (const lease of leases.reverse()) await lease.release()
  }
}
