import type { Context } from '../../context.ts'
import type { Milliseconds } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { LogLine } from '../../model/log.ts'
import type { LockTarget } from '../../model/stack-lock.ts'
import { targetText } from '../../render/report/stack-lock-text.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { dateTime } from '../../render/text/time.ts'
import type { LeaseHolder, StackLease } from '../../runtime/fleet-database.ts'
import { openFleetToWrite } from './open-fleet.ts'

/** A run that has the lease of its stack. */
export interface FleetRun {
  readonly lease: StackLease
  /** Writes a line of the run into the history of the fleet. */
  append(line: LogLine): Promise<void>
  release(): Promise<void>
}

/** `apply (ops on build-3, since 2026-11-22 14:05 UTC)` */
function holderText(holder: LeaseHolder | null): string {
  if (holder === null) return 'another run'
  const { command, host, user, since } = holder
  return `${escapeControls(command)} (${escapeControls(user)} on ${escapeControls(host)}, since ${dateTime(since)})`
}

function leasedFailure(target: LockTarget, holder: LeaseHolder | null): Failure {
  return new Failure('conflict', `${targetText(target)} is leased to ${holderText(holder)}`, {
    hints: [
      'Nothing was changed. Wait for that run: --lock-timeout 10m',
      'A run that is gone keeps its lease for half a minute at most.',
    ],
  })
}

/** Takes the lease of a stack from the fleet of this environment; null: there is none. Rejects with a Failure where others have it. */
export async function joinFleet(
  target: LockTarget,
  asked: { readonly command: string; readonly patience: Milliseconds; readonly withoutFleet: boolean },
  context: Context,
): Promise<FleetRun | null> {
  const fleet = await openFleetToWrite(context, asked)
  if (fleet === null) return null
  const { database, fleetStack } = fleet
  const { command, patience } = asked
  try {
    const onWait = (holder: LeaseHolder | null) =>
      context.stderr.print(`Waiting for ${holderText(holder)}, which has the lease of ${targetText(target)}.`)
    const taken = await database.takeLease(target, { command, ...context.operator(), patience, onWait })
    if (taken.lease === null) throw leasedFailure(target, taken.holder)
    const { lease } = taken
    return {
      lease,
      append: line => database.append({ ...target, epoch: lease.epoch, fleetStack }, line),
      release: async () => {
        try {
          await lease.release()
          await fleet.close()
        } catch (cause) {
          // The work is done, and other locks are still to be given back.
          if (!(cause instanceof Failure)) throw cause
          context.stderr.print(`The history of the fleet may lack lines of this run. ${cause.message}`)
        }
      },
    }
  } catch (cause) {
    await fleet.close().catch(() => undefined)
    throw cause
  }
}
