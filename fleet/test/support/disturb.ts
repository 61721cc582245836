import { setTimeout as wait } from 'node:timers/promises'
import type { Milliseconds } from '../../../src/model/duration.ts'
import type { ReplicaProcess } from './replica-process.ts'

export interface Disturbed {
  /** Where a replica stands is empty while its process is stopped. */
  readonly replicas: readonly ReplicaProcess[]
  readonly kills: number
  readonly stops: number
  /** Call it after each write: what happens next depends on how much was done, not on how quick the machine is. */
  step(): void
  /** Resolves once no process is stopped any more. */
  calm(): Promise<void>
}

/** Kills and stops replicas at random for as long as they write. `start` begins the one with that number. */
export function disturb(
  count: number,
  start: (number: number) => ReplicaProcess,
  {
    random,
    every,
    lease,
  }: {
    readonly random: () => number
    /** After how many writes, on average, something happens. */
    readonly every: number
    readonly lease: Milliseconds
  },
): Disturbed {
  const replicas = Array.from({ length: count }, (_, number) => start(number))
  const stopped = new Map<number, Promise<void>>()
  const state = { replicas, kills: 0, stops: 0 }
  const between = () => Math.ceil(random() * 2 * every)
  let left = between()

  /** Longer than its lease lasts; then it goes on as if nothing had been. */
  async function pause(number: number, { child }: ReplicaProcess): Promise<void> {
    child.kill('SIGSTOP')
    await wait(lease * (1.2 + random()))
    child.kill('SIGCONT')
    stopped.delete(number)
  }

  function act(): void {
    const number = Math.floor(random() * count)
    const replica = replicas[number]
    if (replica === undefined || stopped.has(number)) return
    const isKilled = random() < 0.5
    if (!isKilled && stopped.size < count - 1) {
      state.stops += 1
      stopped.set(number, pause(number, replica))
      return
    }
    state.kills += 1
    replica.child.kill('SIGKILL')
    replicas[number] = start(number)
  }

  return Object.assign(state, {
    step() {
      left -= 1
      if (left > 0) return
      left = between()
      act()
    },
    async calm() {
      await Promise.all(stopped.values())
    },
  })
}
