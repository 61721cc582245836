import type { LiveKey } from '../../../src/model/live-key.ts'
import { day, minute } from '../../../src/model/duration.ts'
import { keysOf, outages, outputFaults, snapshotOf, statesOf, storeFaults } from '../../support/invariants.ts'
import type { FaultName, Left } from './fault-table.ts'
import { faults, isMisled } from './faults.ts'
import { type Play, openPlay } from './store-play.ts'
import { type CallName, scenes } from './wire-scenes.ts'
import { type Scene, storeNamesOf } from './states.ts'

/** Which tries of the call the fault hits; `retry`: the second, where the first was carried out and its answer lost. */
export type Tries = 'first' | 'every' | 'retry'

export interface Played {
  /** What the run came to: its exit code, and what it left behind where that is not 0. */
  readonly outcome: string
  /** What must never be, and was. */
  readonly violations: readonly string[]
  /** How often the fault hit. */
  readonly hits: number
  /** What the faulty run asked. */
  readonly requests: number
}

/** A platform is not out of order for ever, and a run that waits for its budget waits as long as that lasts. */
const relents = 12

interface Armed {
  readonly hits: () => number
}

function arm(play: Play, scene: Scene, fault: FaultName, tries: Tries): Armed {
  let seen = 0
  let hits = 0
  const isLater = (after: number) =>
    (tries === 'retry' && after === 1) || (tries === 'every' && after > 0 && hits < relents)
  play.wire.fault = request => {
    const url = new URL(request.url)
    // The pages that a faulty answer speaks of are part of it.
    const goesOn = isMisled(request)
    if (request.method !== scene.method || !scene.path.test(url.pathname)) return null
    if (url.searchParams.has('cursor') !== (scene.later === true) && !goesOn) return null
    if (!goesOn) seen += 1
    const isFirst = !goesOn && seen === scene.nth
    if (!goesOn && !isFirst && !isLater(seen - scene.nth)) return null
    hits += 1
    return faults[tries === 'retry' && isFirst ? 'reset after the commit' : fault]
  }
  return { hits: () => hits }
}

function state({ ownership }: LiveKey): string {
  return ownership.kind === 'managed'
    ? `${ownership.marker.keyId} g${ownership.marker.generation} ${ownership.marker.state.kind}`
    : ownership.kind
}

/** What a run that did not converge left behind, as in the table. */
function left(before: readonly LiveKey[], after: readonly LiveKey[]): Left {
  if (snapshotOf(before) === snapshotOf(after)) return '-'
  const fresh = after.filter(({ id }) => !before.some(each => each.id === id))
  if (fresh.some(live => state(live).endsWith('pending'))) return 'p'
  if (fresh.length > 0) return 'd'
  if (after.length < before.length) return 'x'
  const isRegenerated = ({ id, regeneratedAt }: LiveKey) =>
    before.find(each => each.id === id)?.regeneratedAt !== regeneratedAt
  return after.some(isRegenerated) ? 'r' : 'u'
}

const isUnmanaged = ({ name }: LiveKey) => name === 'Somebody'

/** Its successor was revoked again after it was marked: whoever marked it has that long to go on. */
async function isWithdrawn({ live }: Play): Promise<boolean> {
  return /^(?:retiring,?)+$/.test(statesOf(keysOf(await live(), 'agents')))
}

/** Are there as many live keys of each key id as there should be, and do its stores hold the head's secret? */
async function faultsIn({ live, stored, holder }: Play, unmanagedBefore: string): Promise<readonly string[]> {
  const keys = await live()
  const unmanaged = keys.filter(isUnmanaged)
  const found =
    snapshotOf(unmanaged) === unmanagedBefore
      ? []
      : [`what is not ours was touched: ${unmanaged.map(state).join(', ')}`]
  for (const keyId of ['agents', 'bystander']) {
    const own = keysOf(keys, keyId)
    if (own.length !== 1) found.push(`live keys of ${keyId}: ${statesOf(own)}`)
    found.push(...(await storeFaults(storeNamesOf(keyId, stored()), stored(), own[0], holder)))
  }
  return found
}

/** Plays one fault at one call, then lets the next apply heal whatever there is, and looks whether it did. */
export async function playCell(call: CallName, fault: FaultName, tries: Tries): Promise<Played> {
  const play = await openPlay()
  try {
    const scene = scenes[call]
    await play.makeUnmanaged('Somebody')
    await scene.before(play)
    const before = await play.live()
    const unmanagedBefore = snapshotOf(before.filter(isUnmanaged))

    const violations: string[] = []
    play.wire.requests.length = 0
    const { hits } = arm(play, scene, fault, tries)
    const ran = await play.runOverWire(scene.line, fault === 'slow drip' ? 800 : 30_000)
    play.wire.fault = () => null
    play.bend = (_request, answer) => answer
    const requests = play.wire.requests.length
    await play.wire.catchUp()
    violations.push(...outputFaults(ran.text, play.issued))
    violations.push(...play.wire.strays.map(stray => `sent to another origin: ${stray}`))
    // In place there is an outage, as the plan says.
    const dead = call.includes('regenerate') ? [] : await outages(play.stored(), play.holder)
    violations.push(...dead.map(label => `a consumer that reads ${label} is locked out`))
    const plan = 'plan --detailed-exitcode'
    const must = async (line: string, when: string) => {
      const { code, text } = await play.run(line)
      if (code !== 0) violations.push(`${line} exits ${code}, ${when}: ${text}`)
    }
    const converged = ran.code === 0 && (await play.run(plan)).code === 0
    const outcome = converged ? '0' : `${ran.code}${left(before, await play.live())}`
    if (!converged) {
      if (await isWithdrawn(play)) play.now += 16 * minute
      await must('apply --auto-approve', 'after the fault')
      await must(plan, 'after one recovery')
    }
    play.now += 4 * day
    // Of one key id, each run revokes one retiring key.
    const retiring = keysOf(await play.live(), 'agents').length - 1
    for (let runs = Math.max(1, retiring); runs > 0; runs -= 1)
      await must('apply --auto-approve', 'after everybody had time')
    violations.push(...(await faultsIn(play, unmanagedBefore)))
    return { outcome, violations, hits: hits(), requests }
  } finally {
    await play.close()
  }
}
