import type { PendingKey } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'
import { type Provision, type Source, sourcesOf } from '../model/verb.ts'
import { heal, redeliver } from './finish-key.ts'
import type { Done, Ledger } from './ledger.ts'
import type { Undelivered } from './make-key.ts'
import { leak, narrow } from './patch.ts'
import { rotateInPlace } from './regenerate-key.ts'
import type { Others } from './retire-predecessors.ts'
import type { Run } from './run.ts'
import { provisionInWaves } from './wave.ts'

export interface Provisioned {
  readonly marked: ReadonlyMap<string, LiveKey>
  readonly revoked: ReadonlySet<string>
  readonly delivered: readonly Undelivered[]
}

/**
 * The verb `provision`: a secret that works into all stores of a key, from the first of its sources that has one. What lives is
 * finished before anything is made, and what is regenerated, whose old secret is dead at once, comes last.
 */
export async function provision(
  changes: readonly Provision[],
  ledger: Ledger,
  run: Run,
): Promise<Provisioned> {
  const others: Others = { marked: new Map(), revoked: new Set(), unreceived: new Map() }
  const { marked, revoked } = others
  const startingWith = (source: Source) => changes.filter(change => sourcesOf(change)[0] === source)
  const withoutSecret = async (those: readonly Provision[]) => {
    const done = await Promise.all(those.map(change => provisionLive(change, others, ledger, run)))
    return those.filter((_change, index) => done[index] === false)
  }
  const unfinished = await withoutSecret(startingWith('store'))
  const failed = await markLeaked(changes, marked, ledger, run)
  const planned = startingWith('new key').filter(change => !failed.has(change))
  const delivered = await provisionInWaves([...planned, ...unfinished], others, ledger, run)
  for (const { retired } of delivered.values()) for (const live of retired) marked.set(live.id, live)
  await narrowReplaced([...delivered.keys()], marked, ledger, run)
  await withoutSecret(startingWith('regenerate'))
  return { delivered: [...delivered.values()].map(({ key }) => key), marked, revoked }
}

/** What a source gives a key that lives, by name. Null: none was found, so the next source is tried. */
interface Attempt {
  readonly step: string
  readonly work: () => Promise<Done | null>
}

/** Null for a source that is tried elsewhere: a heal asks for a replay key by key, and new keys are made in waves. */
function attemptAt(source: Source, change: Provision, others: Others, run: Run): Attempt | null {
  if (source === 'store' && change.kind === 'heal')
    return { step: 'recovering', work: () => heal(change, others, run) }
  if (source === 'store' && change.kind === 'deliver')
    return { step: 'recovering', work: () => redeliver(change, run) }
  if (source === 'regenerate' && (change.kind === 'rotate' || change.kind === 'deliver'))
    return { step: 'rotating in place', work: () => rotateInPlace(change, run) }
  return null
}

/** Tries the sources that need no new key. False: none of them had a secret, so that a new key is due. */
async function provisionLive(change: Provision, others: Others, ledger: Ledger, run: Run): Promise<boolean> {
  let hasBegun = false
  for (const source of sourcesOf(change)) {
    const attempt = attemptAt(source, change, others, run)
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

/** What was to be delivered again or finished, and had to be replaced, retires now, and is narrowed as every retiring key is. */
async function narrowReplaced(
  changes: readonly Provision[],
  marked: ReadonlyMap<string, LiveKey>,
  ledger: Ledger,
  run: Run,
): Promise<void> {
  const narrowed = changes.map(async change => {
    for (const { live, narrowing } of replacedBy(change)) {
      // What was revoked meanwhile was not marked.
      const now = marked.get(live.id)
      if (now === undefined) continue
      await ledger.goOn(change, 'narrowing', () => narrow(now, change.desired, narrowing, run))
    }
  })
  await Promise.all(narrowed)
}

/** The keys that a change meant to keep, and for which a new one was made after all. */
function replacedBy(change: Provision): readonly Pick<PendingKey, 'live' | 'narrowing'>[] {
  if (change.kind === 'heal') return change.pending
  return change.kind === 'deliver' && !change.rotates ? [change] : []
}

/**
 * Whoever else plans while a leaked key is replaced must know that it has no claim to grace. Resolves to the changes whose keys could not
 * all be marked: nothing is made for them.
 */
async function markLeaked(
  changes: readonly Provision[],
  marked: Map<string, LiveKey>,
  ledger: Ledger,
  run: Run,
): Promise<ReadonlySet<Provision>> {
  const failed = new Set<Provision>()
  const mark = async (change: Provision) => {
    if (change.kind !== 'rotate' || change.leaked.length === 0) return
    const { keyId, leaked } = change
    const done = await ledger.begin(change, 'marking as leaked', async () => {
      for (const live of leaked) marked.set(live.id, await leak(live, keyId, run))
      return true
    })
    if (done === null) failed.add(change)
  }
  await Promise.all(changes.map(mark))
  return failed
}
