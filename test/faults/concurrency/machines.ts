import { setTimeout } from 'node:timers/promises'
import { type Host, host } from '../../support/hosts.ts'
import type { Ended } from '../../support/program.ts'
import type { Stage } from '../crash/crash-stage.ts'
import type { Case } from './cases.ts'
import type { Meeting } from './meeting.ts'
import type { Random } from './concurrency-random.ts'
import { configuration } from './concurrency-scenes.ts'
import type { Declaration } from './concurrency-scenes.ts'

/** A machine that has the configuration. */
export interface Machine {
  readonly name: string
  run(args: readonly string[], crashAt?: string | null): Promise<Ended>
  declare(text: string): Promise<void>
}

type Owner = Parameters<typeof host>[0]

function toMachine(name: string, place: Host): Machine {
  return {
    name,
    run: (args, crashAt = null) =>
      place.run(args, { env: crashAt === null ? {} : { FLUXLOOP_KEYS_CRASH_AT: crashAt } }),
    declare: text => place.write('fluxloop-keys.yaml', text),
  }
}

/** One machine, or one for each run. The stores are in the stage's folder, which all of them reach. */
export async function machinesOf(
  stage: Stage,
  { where, runs }: Case,
  owner: Owner,
): Promise<readonly Machine[]> {
  if (where === 'one machine')
    return [
      {
        name: 'here',
        run: (args, crashAt) => stage.run(args, crashAt),
        declare: text => stage.place.write('fluxloop-keys.yaml', text),
      },
    ]
  const names = Array.from({ length: runs }, (_, index) => `machine-${index + 1}`)
  return await Promise.all(
    names.map(async name => toMachine(name, await host(owner, name, stage.platform.env))),
  )
}

export async function declareEverywhere(
  machines: readonly Machine[],
  stage: Stage,
  { stores }: Case,
  declared: Declaration,
): Promise<void> {
  const text = configuration(stage.place.work, stores, declared)
  await Promise.all(machines.map(machine => machine.declare(text)))
}

/** How one of the runs is called, and what came of it. */
export interface RunAtOnce {
  readonly waits: boolean
  readonly isVictim: boolean
  readonly ended: Ended
}

/** Starts all runs; `onEnd` looks at the moment of each end. */
export async function runAtOnce(
  machines: readonly Machine[],
  one: Case,
  random: Random,
  meeting: Meeting,
  onEnd: (run: RunAtOnce) => Promise<void>,
): Promise<readonly RunAtOnce[]> {
  const start = async (index: number): Promise<RunAtOnce> => {
    const isVictim = index === 0 && one.killAt !== null
    const machine = machines[index % machines.length]
    if (machine === undefined) throw new Error('there is no machine')
    const waits = one.where === 'one machine' && random.below(2) === 0
    // Whoever is to be killed comes first, since most points are passed by who has the lock, or makes the older key.
    const delay = one.together || isVictim ? 0 : random.below(400)
    if (one.where === 'one machine' && one.killAt !== null && !isVictim) await meeting.begun
    await setTimeout(delay)
    const args = ['apply', '--auto-approve', ...(waits ? ['--lock-timeout', '60s'] : [])]
    const run = { waits, isVictim, ended: await machine.run(args, isVictim ? one.killAt : null) }
    await onEnd(run)
    return run
  }
  return await Promise.all(Array.from({ length: one.runs }, (_, index) => start(index)))
}
