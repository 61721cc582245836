import { hour, minute, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { apply, ownUserAgent } from './apply.ts'
import {
  declare,
  desiredOfStack,
  nthKey,
  rememberStacks,
  rename,
  renameStack,
} from './history-configuration.ts'
import { consumedPlaces, familyOf, markedBy, topOf } from './heads.ts'
import { actInPage } from './people.ts'
import { type History, type PlainApply, type Step, inWords } from './steps.ts'
import { countNeeded, judgeMade } from './judge-made.ts'
import { judgeInstant } from './judge-stores.ts'
import {
  type Backend,
  type HistoryWorld,
  breaks,
  holderOf,
  openHistoryWorld,
  secretOf,
} from './history-world.ts'

/** A promise did not hold; the story tells what happened up to then. */
export class PromiseBroken extends Error {
  readonly story: readonly string[]

  constructor(promise: string, story: readonly string[]) {
    super(promise)
    this.story = story
  }
}

async function callWith(world: HistoryWorld, secret: string): Promise<void> {
  const before = holderOf(world, secret, await world.backend.inspect())
  const answer = await world.backend
    .clientAs(secretOf(secret), 'agents/2.1')
    .whoami()
    .catch((cause: unknown) => {
      if (cause instanceof Failure && cause.code === 'authentication') return null
      throw cause
    })
  // The checks tell from what the platform shows which secrets work; here the platform itself says it.
  if (answer?.key?.id !== before?.id)
    throw new Error(`a secret of ${before?.id ?? 'nobody'} is ${answer?.key?.id ?? 'nobody'}’s`)
  if (answer?.key === null || answer === null) world.kept.delete(secret)
  else {
    world.kept.add(secret)
    world.uses.set(answer.key.id, world.backend.now)
  }
}

/** Every consumer reads its store, and calls. */
async function callAll(world: HistoryWorld): Promise<void> {
  const keys = await world.backend.inspect()
  for (const configuration of world.configurations) {
    const desired = desiredOfStack(configuration, world.start)
    const marked = markedBy(desired, keys)
    for (const key of desired.keys) {
      const top = topOf(familyOf(key, marked))
      const [place] = top === null ? [] : consumedPlaces(key, top)
      const secret = place === undefined ? undefined : world.places.get(place)
      if (secret !== undefined) await callWith(world, secret)
    }
  }
}

type Wait = Extract<Step, { do: 'wait' }>

/** Time goes by; consumers with a rhythm read their stores and call every so often, and each call counts as it happens. */
async function waitFor(world: HistoryWorld, { hours, calling, rhythm = hours }: Wait): Promise<void> {
  if (calling) await callAll(world)
  for (let left = hours; left > 0; left -= rhythm) {
    world.backend.now += Math.min(left, rhythm) * hour
    if (calling) await callAll(world)
  }
}

function restore({ backup, places, restored }: HistoryWorld): void {
  for (const [place, secret] of backup ?? []) {
    if (places.get(place) === secret) continue
    places.set(place, secret)
    restored.add(place)
  }
}

/** Looks at every stored secret that works, as `verify --prove` does. */
async function verifyAll(world: HistoryWorld): Promise<void> {
  const client = world.backend.clientAs(world.backend.person, ownUserAgent)
  const keys = await world.backend.inspect()
  for (const secret of new Set(world.places.values())) {
    const live = holderOf(world, secret, keys)
    if (live !== null) await client.whoamiAs(secretOf(secret), live)
  }
}

async function take(
  world: HistoryWorld,
  step: Step | PlainApply,
  history: History,
  within: boolean,
): Promise<void> {
  const { backend, configurations } = world
  switch (step.do) {
    case 'apply': {
      const whole = { kill: null, locked: null, meanwhile: null, parallelism: 1, ...step }
      await apply(world, whole, history, nested => playStep(world, nested, history, true), within)
      return
    }
    case 'wait':
      await waitFor(world, step)
      return
    case 'backup':
      world.backup = new Map(world.places)
      return
    case 'restore':
      restore(world)
      return
    case 'verify':
      await verifyAll(world)
      return
    case 'jump':
      backend.now += step.minutes * minute
      if (step.minutes < 0) world.slack -= step.minutes * minute
      return
    case 'call':
      await callAll(world)
      return
    case 'call again':
      for (const secret of world.kept) await callWith(world, secret)
      return
    case 'edit':
    case 'regenerate':
    case 'delete':
    case 'delete head':
    case 'attack':
    case 'make':
      await actInPage(world, step)
      return
    case 'declare':
    case 'change':
    case 'remove':
    case 'rename':
    case 'rename stack':
    case 'remember':
    case 'rules': {
      const configuration = configurations[step.stack]
      if (configuration !== undefined) configure(configuration, step)
    }
  }
}

type Configuring = Extract<
  Step,
  { do: 'declare' | 'change' | 'remove' | 'rename' | 'rename stack' | 'remember' | 'rules' }
>

function configure(configuration: HistoryWorld['configurations'][number], step: Configuring): void {
  configuration.read = null
  if (step.do === 'declare') {
    declare(configuration, step.key, step.settings)
    return
  }
  if (step.do === 'rules') {
    configuration.rules = step.rules
    return
  }
  if (step.do === 'rename stack') {
    renameStack(configuration, step.forgets)
    return
  }
  if (step.do === 'remember') {
    rememberStacks(configuration)
    return
  }
  const keyId = nthKey(configuration, step.nth)
  const block = keyId === null ? undefined : configuration.blocks.get(keyId)
  if (keyId === null || block === undefined) return
  if (step.do === 'change')
    configuration.blocks.set(keyId, { ...block, settings: { ...block.settings, ...step.settings } })
  else if (step.do === 'rename') rename(configuration, keyId)
  else configuration.blocks.delete(keyId)
}

/** `within`: while a run is at work. */
async function playStep(
  world: HistoryWorld,
  step: Step | PlainApply,
  history: History,
  within = false,
): Promise<void> {
  world.trace.push(inWords(step))
  countNeeded(step, world)
  await take(world, step, history, within)
  await judgeInstant(world)
  judgeMade(world)
}

/** What came of a history in which every promise was kept. */
export interface Ending {
  /** What happened, line by line, and what is on the platform then: the same wherever it is played. */
  readonly lines: readonly string[]
  readonly deeds: HistoryWorld['deeds']
}

/** Plays a history to its end. Rejects with the first promise that is broken, and with what happened up to then. */
export async function play(history: History, backend: Backend): Promise<Ending> {
  const world = openHistoryWorld(backend)
  world.slack +=
    2 * second + Math.max(0, ...(history.dateless ?? []).map(skew => Math.abs(skew) * 2 * minute))
  for (const step of history.steps) {
    try {
      await playStep(world, step, history)
    } catch (cause) {
      breaks(world, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
    }
    if (world.broken !== null) throw new PromiseBroken(world.broken, world.trace)
  }
  const keys = await backend.inspect()
  return { lines: [...world.trace, ...keys.map(key => JSON.stringify(key))], deeds: world.deeds }
}
