import { day, minute, second } from '../../../src/model/duration.ts'
import { type Permissions, permissionsBeyond } from '../../../src/model/permission.ts'
import type { Settled } from '../../campaigns/campaign.ts'
import { configuration } from './crash-configuration.ts'
import { type Marked, isDelivered, planFaults } from '../../support/invariants.ts'
import { judge } from './crash-judge.ts'
import { type Prober, watchStores } from './prober.ts'
import { type Scene, apply, scenes } from './crash-scenes.ts'
import { type Kills, type Setting, titleOf } from './setting.ts'
import { type Stage, type Walked, openStage, refuse } from './crash-stage.ts'

/** What came of a case. */
export interface Verdict {
  readonly title: string
  /** Empty: all invariants hold. */
  readonly faults: readonly string[]
}

/** Which of the points that runs come by they are killed at. */
export interface Choice {
  firsts(places: readonly string[]): readonly string[]
  seconds(first: string, places: readonly string[]): readonly string[]
}

/** A stage after the past of a setting, with what must still be so in the end. */
interface Scenery {
  readonly setting: Setting
  readonly scene: Scene
  readonly stage: Stage
  /** The keys of others, as they were. */
  readonly untouched: string
  /** The ids of the keys that live. */
  readonly former: ReadonlySet<string>
  /** What each of them may do. */
  readonly granted: ReadonlyMap<string, Permissions>
  /** The secrets that are to stop working, where the scene is about a leak. */
  readonly leaked: readonly string[]
}

async function declare({ stage, scene, setting }: Scenery, declared = scene.declared): Promise<void> {
  const text = configuration(stage.place.work, setting.stores, declared, stage.adopted)
  await stage.place.write('fluxloop-keys.yaml', text)
}

/** The key that a scene could adopt is of others where it does not. */
function notAdopted({ declared }: Scene, { adopted }: Stage): readonly string[] {
  return declared.adopt === true ? [] : [adopted]
}

/** Of the keys of two runs one is older. Made at the same moment, their ids would decide by chance which one it is. */
async function runLater(stage: Stage, args: readonly string[], killAt: string | null): Promise<Walked> {
  stage.platform.now += second
  return await stage.run(args, killAt)
}

async function openScenery(setting: Setting, program: string | null): Promise<Scenery> {
  const scene: Scene = scenes[setting.scene]
  const stage = await openStage(setting.replay, program)
  const untouched = await stage.untouched(notAdopted(scene, stage))
  const scenery = { setting, scene, stage, untouched, former: stage.others, granted: new Map(), leaked: [] }
  for (const { declared, days, killedAt = null } of scene.past) {
    await declare(scenery, declared)
    const run = await runLater(stage, apply, killedAt)
    const asTold = killedAt === null ? run.code === 0 : wasKilled(run)
    if (!asTold) throw new Error(`The past cannot be played: ${run.stdout}${run.stderr}`)
    stage.platform.now += days * day
  }
  await declare(scenery)
  const leaked = setting.scene === 'leaked key' ? [...(await stage.stored()).values()] : []
  if (scene.regenerated === true) await stage.regenerate()
  const live = await stage.platform.live()
  const former = new Set(live.map(({ id }) => id))
  const granted = new Map(live.map(({ id, permissions }) => [id, permissions] as const))
  return { ...scenery, leaked, former, granted }
}

function wasKilled({ signal }: Walked): boolean {
  return signal === 'SIGKILL'
}

/** The run that the scene is about. */
async function act({ scene, stage, former }: Scenery, killAt: string | null): Promise<Walked> {
  if (scene.trouble === 'a store refuses') await refuse(stage.place, true)
  stage.memory.loses = scene.trouble === 'an answer is lost'
  const run = await runLater(stage, scene.args, killAt)
  await refuse(stage.place, false)
  stage.memory.loses = false
  if (scene.trouble === 'its new key is deleted') {
    const made = (await stage.own('ci-pipeline')).filter(({ live: { id } }) => !former.has(id))
    await stage.remove(made.map(({ live: { id } }) => id))
    // So long the run that marked its predecessor has to finish what it began.
    stage.platform.now += 16 * minute
  }
  return run
}

function probe({ scene, setting, stage }: Scenery): Prober | null {
  if (!scene.overlap) return null
  const { scene: name } = setting
  return watchStores(stage, { mayLose: name === 'removal of a store', readsAgain: name === 'leaked key' })
}

function missed(run: Walked, place: string | null): readonly string[] {
  return place === null || wasKilled(run) ? [] : [`a run does not come by ${place}`]
}

/** A run that is killed before it wrote down that a secret leaked leaves nobody who knows. */
function isLeakKnown({ first }: Kills): boolean {
  return first !== 'before-patch:1'
}

/** The ids of the live keys that these secrets belong to. */
async function holdersOf({ platform }: Stage, secrets: readonly string[]): Promise<readonly string[]> {
  const ids = await Promise.all(secrets.map(secret => platform.holder(secret)))
  return ids.filter(id => id !== null)
}

/** Only a head gets more, and only where a store that can be read proves that it is ours. */
async function grantFaults({ stage, setting, granted }: Scenery): Promise<readonly string[]> {
  const mayGrow = (key: Marked) => isDelivered(key) && setting.stores !== 'write-only'
  const grew = ({ live: { id, permissions } }: Marked) =>
    permissionsBeyond(permissions, granted.get(id) ?? permissions).length > 0
  const grown = (await stage.own('ci-pipeline')).filter(key => grew(key) && !mayGrow(key))
  return grown.map(({ live }) => `${live.id} was given more, and nothing proves that it is ours`)
}

interface Recovered {
  readonly verdict: Verdict
  /** What the recovery came by that was not killed. */
  readonly places: readonly string[]
}

/** From a first run that is over: perhaps a recovery that is killed, and one that is not, after which all has to be well. */
async function recover(
  scenery: Scenery,
  kills: Kills,
  prober: Prober | null,
  faults: readonly string[],
): Promise<Recovered> {
  const { stage, scene, setting, untouched, leaked, former } = scenery
  const killed = kills.second === null ? null : await runLater(stage, apply, kills.second)
  const handedOut = new Set(await holdersOf(stage, [...(await stage.stored()).values()]))
  const recovery = await runLater(stage, apply, null)
  const outages = (await prober?.end()) ?? []
  const wrong = [...faults, ...outages, ...(await grantFaults(scenery))]
  if (isLeakKnown(kills) && (await holdersOf(stage, leaked)).length > 0)
    wrong.push('the leaked secret still works')
  wrong.push(...(await judge(stage, scene, setting, { recovery, former, handedOut })))
  if (killed !== null) wrong.push(...missed(killed, kills.second))
  if ((await stage.untouched(notAdopted(scene, stage))) !== untouched)
    wrong.push('a key of others was touched')
  return { verdict: { title: titleOf(setting, kills), faults: wrong }, places: recovery.places }
}

/** Plays one case from its beginning. */
export async function playCase(
  setting: Setting,
  kills: Kills,
  program: string | null = null,
): Promise<Verdict> {
  const scenery = await openScenery(setting, program)
  try {
    const prober = probe(scenery)
    const first = await act(scenery, kills.first)
    return (await recover(scenery, kills, prober, missed(first, kills.first))).verdict
  } finally {
    await scenery.stage.end()
  }
}

/** Hears of every case, and of the points by which its last run came that a further kill may be at. */
type Tell = (verdict: Verdict, places: readonly string[]) => void

/**
 * Plays the cases of a setting: a run that is not killed says by which points it comes; it is killed at those that are
 * chosen; each recovery says by which points it comes, and is killed there, too. Cases that are settled are not played: the points
 * are known.
 */
export async function playSetting(
  setting: Setting,
  choice: Choice,
  tell: Tell,
  settled: Settled = new Map(),
): Promise<void> {
  const scenery = await openScenery(setting, null)
  const { stage } = scenery
  try {
    const toBeginning = await stage.remember()
    const known = settled.get(titleOf(setting, { first: null, second: null }))?.places
    const places = known ?? (await playUnharmed(scenery, tell))
    for (const first of choice.firsts(places)) {
      await toBeginning()
      await playBranch(scenery, first, choice, { tell, settled })
    }
  } finally {
    await stage.end()
  }
}

/** The case that nobody kills. Resolves to the points by which its run came. */
async function playUnharmed(scenery: Scenery, tell: Tell): Promise<readonly string[]> {
  const prober = probe(scenery)
  const whole = await act(scenery, null)
  // What was deleted after the run is to be made again.
  const isSettled = whole.code === 0 && scenery.scene.trouble !== 'its new key is deleted'
  const claims = isSettled ? planFaults(await scenery.stage.run(['plan', '--detailed-exitcode'])) : []
  const unharmed = await recover(scenery, { first: null, second: null }, prober, claims)
  tell(unharmed.verdict, whole.places)
  return whole.places
}

/** All chosen cases whose first run is killed at the same point. */
async function playBranch(
  scenery: Scenery,
  first: string,
  choice: Choice,
  { tell, settled }: { readonly tell: Tell; readonly settled: Settled },
): Promise<void> {
  const { stage, setting } = scenery
  const prober = probe(scenery)
  const faults = missed(await act(scenery, first), first)
  await prober?.pause()
  const toKill = await stage.remember()
  prober?.resume()
  let places = settled.get(titleOf(setting, { first, second: null }))?.places
  if (places === undefined) {
    const once = await recover(scenery, { first, second: null }, prober, faults)
    tell(once.verdict, once.places)
    places = once.places
  } else await prober?.end()
  for (const second of choice.seconds(first, places)) {
    await toKill()
    const twice = await recover(scenery, { first, second }, probe(scenery), [])
    tell(twice.verdict, [])
  }
}
