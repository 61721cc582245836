import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import type {
  FleetDatabase,
  LeaseHolder,
  StackTarget,
  TakenLease,
} from '../../../src/runtime/fleet-database.ts'
import type { Connection } from '../database/connect.ts'
import { isAnswer } from '../database/failures.ts'
import { type Clocks, ownClocks, startAge } from './clocks.ts'
import { keepLease } from './keep-lease.ts'
import { insertClaim, type LeaseClaim, readHolder, releaseClaim, renewClaim } from './lease-rows.ts'

export type LeaseAsked = Parameters<FleetDatabase['takeLease']>[1]

export interface LeaseOptions {
  /** How long a lease lasts that nobody renews. */
  readonly duration?: Milliseconds
  /** A third of that, where nothing is said. */
  readonly renewedEvery?: Milliseconds
  readonly clocks?: Clocks
}

const usualDuration = 30 * second
const longestPause = second

/** A connection that breaks as it is used says nothing about the database: there is one more try, on another one. */
async function twice<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isAnswer(error)) throw error
    return work()
  }
}

/**
 * Takes the lease of a stack, or waits for it as long as `patience` says; `onWait` is called once, with who has it. All time of the
 * database is its own; this machine's clocks only say how old the last renewal is. Rejects with a Failure.
 */
export async function takeLease(
  connection: Connection,
  target: StackTarget,
  { patience, onWait, command, host, user }: LeaseAsked,
  { duration = usualDuration, renewedEvery = duration / 3, clocks = ownClocks }: LeaseOptions = {},
): Promise<TakenLease> {
  const { db, guard } = connection
  const holder = randomBytes(16).toString('hex')
  const claim: LeaseClaim = { ...target, holder, command, host, user }
  const waited = startAge(clocks)
  for (let first = true; ; first = false) {
    let age = startAge(clocks)
    const epoch = await guard(() =>
      twice(() => {
        age = startAge(clocks)
        return insertClaim(db, claim, duration)
      }),
    )
    if (epoch !== null) {
      const lease = keepLease(
        { stack: target.stack, epoch, duration, renewedEvery, clocks, age },
        {
          renew: () => renewClaim(db, claim, epoch, duration),
          release: () => twice(() => releaseClaim(db, claim, epoch)),
        },
      )
      return { lease }
    }
    const found: LeaseHolder | null = await guard(() => twice(() => readHolder(db, target)))
    const left = patience - waited()
    if (left <= 0) return { lease: null, holder: found }
    if (first) onWait(found)
    // Not all at the same moment.
    await wait(Math.min(left, longestPause * (0.5 + Math.random() / 2)))
  }
}
