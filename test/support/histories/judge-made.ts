import { hour } from '../../../src/model/duration.ts'
import { desiredOfStack } from './history-configuration.ts'
import type { PlainApply, Step } from './steps.ts'
import { type HistoryWorld, breaks } from './history-world.ts'

/** How many keys are declared. */
function declared({ configurations }: HistoryWorld): number {
  return configurations.reduce((sum, { blocks }) => sum + blocks.size, 0)
}

/** How often the keys that are declared fall due in that many hours. */
function dueIn(hours: number, world: HistoryWorld): number {
  const keys = world.configurations.flatMap(each => desiredOfStack(each, world.start).keys)
  const shares = keys.map(({ expires, rotation: { maxAge, renewBefore } }) => {
    const life = expires.kind === 'period' ? expires.length - renewBefore : Infinity
    return Math.ceil((hours * hour) / Math.min(maxAge ?? Infinity, life))
  })
  return shares.reduce((sum, each) => sum + each, 0)
}

/** A run that was killed, refused or met left every key that it was about to make, and those of whom it met. */
function neededByApply(step: Step | PlainApply, world: HistoryWorld): number {
  if (step.do !== 'apply') return 0
  const { ask } = step
  const isDisturbed =
    'kill' in step && (step.kill !== null || step.locked !== null || step.meanwhile !== null)
  const all = declared(world)
  return (ask.rotate === null ? 0 : 1) + (ask.takeOver ? all : 0) + (isDisturbed ? 2 * all : 0)
}

/** The number of keys for which a step is a reason, at the most: what is due, asked for, or to be repaired. */
function neededBy(step: Step | PlainApply, world: HistoryWorld): number {
  switch (step.do) {
    case 'apply':
      return neededByApply(step, world)
    case 'wait':
      return dueIn(step.hours, world)
    case 'jump':
      return dueIn(Math.abs(step.minutes) / 60, world)
    case 'declare':
    case 'change':
    case 'rename':
    case 'edit':
    case 'regenerate':
    case 'delete':
    case 'delete head':
    case 'attack':
    case 'make':
      return 1
    // Whose keys these are is said anew, or what the stores of any of them hold.
    case 'rename stack':
    case 'remember':
    case 'restore':
      return declared(world)
    case 'remove':
    case 'rules':
    case 'backup':
    case 'verify':
    case 'call':
    case 'call again':
      return 0
  }
}

/** Before a step. */
export function countNeeded(step: Step | PlainApply, world: HistoryWorld): void {
  world.needed += neededBy(step, world)
}

/** Keys are made for a reason: as many as fall due, are asked for or need repair, and no more however often somebody applies. */
export function judgeMade(world: HistoryWorld): void {
  if (world.made > world.needed)
    breaks(world, `${world.made} keys were made, and there were reasons for ${world.needed}`)
}
