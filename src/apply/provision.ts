import type { LiveKey } from '../model/live-key.ts'
import { type Provision, type Source, sourcesOf } from '../model/verb.ts'
import { heal, redeliver } from './finish-key.ts'
import type { Done, Ledger } from './ledger.ts'
import type { Undelivered } from './make-key.ts'
import { leak, narrow } from './patch.ts'
import { rotateInPlace } from './regenerate-key.ts'
import type { Run } from './run.ts'
import { type Limit, provisionInWaves } from './wave.ts'

export interface Provisioned {
  /** The keys that were made and delivered. */
  readonly delivered: readonly Undelivered[]
  /** Keys that were marked as leaked, by id, as they are since then. */
  readonly marked: ReadonlyMap<string, LiveKey>
}

/**
 * The verb `provision`: a secret that works into all stores of a key, from the first of its sources that has one. What lives is
 * finished before anything is made, and what is regenerated, whose old secret is dead at once, comes last.
 */
export async function provision(
  changes: readonly Provision[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<Provisioned> {
  const startingWith = (source: Source) => changes.filter(change => sourcesOf(change)[0] === source)
  const withoutSecret = async (those: readonly Provision[]) => {
    const done = await Promise.all(those.map(change => limit(() => provisionLive(change, ledger, run))))
    return those.filter((_change, index) => done[index] === false)
  }
  const unfinished = await withoutSecret(startingWith('store'))
  const exposed = await markLeaked(changes, ledger, limit, run)
  const planned = startingWith('new key').filter(change => exposed.get(change) !== null)
  const delivered = await provisionInWaves([...planned, ...unfinished], ledger, limit, run)
  await narrowReplaced([...delivered.keys()], ledger, limit, run)
  await withoutSecret(startingWith('regenerate'))
  const marked = [...exposed.values()].flatMap(keys => keys ?? [])
  return {
    delivered: [...delivered.values()],
    marked: new Map(marked.map(live => [live.id, live] as const)),
  }
}

/** What a source gives a key that lives, by name. Null: none was found, so the next source is tried. */
interface Attempt {
  readonly step: string
  readonly work: () => Promise<Done | null>
}

/** Null for a source that is tried elsewhere: a heal asks for a replay key by key, and new keys are made in waves. */
function attemptAt(source: Source, change: Provision, run: Run): Attempt | null {
  if (source === 'store' && change.kind === 'heal')
    return { step: 'recovering', work: () => heal(change, run) }
  if (source === 'store' && change.kind === 'deliver')
    return { step: 'recovering', work: () => redeliver(change, run) }
  if (source === 'regenerate' && (change.kind === 'rotate' || change.kind === 'deliver'))
    return { step: 'rotating in place', work: () => rotateInPlace(change, run) }
  return null
}

/** Tries the sources that need no new key. False: none of them had a secret, so that a new key is due. */
async function provisionLive(change: Provision, ledger: Ledger, run: Run): Promise<boolean> {
  let hasBegun = false
  for (const source of sourcesOf(change)) {
    const attempt = attemptAt(source, change, run)
    if (attempt === null) continue
    const work = async () => ({ done: await attempt.work() })
    const tried = await (hasBegun
      ? ledger.goOn(change, attempt.step, work)
      : ledger.begin(change, attempt.step, work))
    if (tried === null) return true
    if (tried.done !== null) {
      ledger.done(change, tried.done)
      return true
    }
    hasBegun = true
  }
  return false
}

/** A head that was to be delivered again and had to be replaced is superseded now, and narrowed as every superseded key is. */
async function narrowReplaced(
  changes: readonly Provision[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<void> {
  const narrowed = changes.map(async change => {
    if (change.kind !== 'deliver' || change.rotates) return
    const work = () => narrow(change.live, change.desired, change.narrowing, run)
    await limit(() => ledger.goOn(change, 'narrowing', work))
  })
  await Promise.all(narrowed)
}

/**
 * Whoever else plans while a leaked key is replaced must know that it has no claim to grace. Resolves to the keys as they are
 * then; null for a change whose keys could not all be marked.
 */
async function markLeaked(
  changes: readonly Provision[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<ReadonlyMap<Provision, readonly LiveKey[] | null>> {
  const marked = new Map<Provision, readonly LiveKey[] | null>()
  const mark = async (change: Provision) => {
    if (change.kind !== 'rotate' || change.leaked.length === 0) return
    const { leaked } = change
    const markAll = async () => {
      const keys: LiveKey[] = []
      for (const live of leaked) keys.push(await leak(live, run))
      return keys
    }
    marked.set(change, await ledger.begin(change, 'marking as leaked', markAll))
  }
  await Promise.all(changes.map(change => limit(() => mark(change))))
  return marked
}
