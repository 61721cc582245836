import type { Change, Create, Deliver, Heal, Rotate } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'
import { noRemoval } from '../model/removal.ts'
import { rotateInPlace } from './in-place.ts'
import type { Undelivered } from './issue.ts'
import type { Done, Ledger } from './ledger.ts'
import { adopt, leak, release, update } from './one-patch.ts'
import { heal, redeliver } from './recover.ts'
import type { Run } from './run.ts'
import { narrow } from './update.ts'
import { type Limit, type NewGeneration, issueInWaves } from './wave.ts'

/**
 * Carries out all changes but revocations: recover what an earlier run left, create and rotate, then update. Resolves to
 * the keys that were made and delivered.
 */
export async function makeAsPlanned(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<readonly Undelivered[]> {
  const unrecovered = await recoverAll(changes, ledger, limit, run)
  const exposed = await markLeaked(changes, ledger, limit, run)
  const planned = changes.filter(change => exposed.get(change) !== null).flatMap(plannedGeneration)
  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)
  await narrowReplaced([...delivered.keys()], ledger, limit, run)

  const { inPlace, adoptions, updates, releases } = sortedByKind(changes)
  await each(inPlace, limit, change =>
    work(ledger, change, 'rotating in place', () => rotateInPlace(change, run)),
  )
  await each(adoptions, limit, change => work(ledger, change, 'adopting', () => adopt(change, run)))
  const marked = new Map(
    [...exposed.values()].flatMap(keys => keys ?? []).map(live => [live.id, live] as const),
  )
  await each(updates, limit, change => {
    const live = marked.get(change.live.id) ?? change.live
    return work(ledger, change, 'updating', () => update({ ...change, live }, run))
  })
  await each(releases, limit, change => work(ledger, change, 'releasing', () => release(change, run)))
  return [...delivered.values()]
}

async function each<T>(
  changes: readonly T[],
  limit: Limit,
  act: (change: T) => Promise<void>,
): Promise<void> {
  await Promise.all(changes.map(change => limit(() => act(change))))
}

function sortedByKind(changes: readonly Change[]) {
  return {
    inPlace: changes.filter(isInPlace),
    adoptions: changes.filter(change => change.kind === 'adopt'),
    updates: changes.filter(change => change.kind === 'update'),
    releases: changes.filter(change => change.kind === 'release'),
  }
}

/** Begins one change and records what came of it. */
async function work(ledger: Ledger, change: Change, step: string, act: () => Promise<Done>): Promise<void> {
  const done = await ledger.begin(change, step, act)
  if (done !== null) ledger.done(change, done)
}

function isInPlace(change: Change): change is Rotate {
  return change.kind === 'rotate' && change.strategy === 'in-place'
}

function plannedGeneration(change: Change): readonly NewGeneration[] {
  if (change.kind === 'create') return [{ ...made(change), action: 'created' }]
  return change.kind === 'rotate' && change.strategy === 'overlap'
    ? [{ ...made(change), action: 'rotated' }]
    : []
}

function made(change: Create | Rotate) {
  const { desired, generation } = change
  return { change, desired, generation, removal: change.kind === 'create' ? noRemoval : change.removal }
}

/** Resolves to what could not be recovered and needs a new generation. */
async function recoverAll(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<readonly NewGeneration[]> {
  const broken = changes.filter(change => change.kind === 'heal' || change.kind === 'deliver')
  const left = await Promise.all(broken.map(change => limit(() => recoverOne(change, ledger, run))))
  return left.filter(one => one !== null)
}

async function recoverOne(change: Heal | Deliver, ledger: Ledger, run: Run): Promise<NewGeneration | null> {
  const work = (): Promise<Done | null> =>
    change.kind === 'heal' ? heal(change, run) : redeliver(change, run)
  const tried = await ledger.begin(change, 'recovering', async () => ({ done: await work() }))
  if (tried === null) return null
  if (tried.done !== null) {
    ledger.done(change, tried.done)
    return null
  }
  if (change.kind === 'deliver' && change.strategy === 'in-place') {
    const done = await ledger.goOn(change, 'rotating in place', () => rotateInPlace(change, run))
    if (done !== null) ledger.done(change, done)
    return null
  }
  const { desired, generation, removal } = change
  const action = change.kind === 'heal' ? 'healed' : 'rotated'
  return generation === null ? null : { change, desired, generation, removal, action }
}

/** A head that was to be delivered again and had to be replaced is superseded now, and narrowed as every superseded key is. */
async function narrowReplaced(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<void> {
  const replaced = changes.filter(
    change => change.kind === 'deliver' && !change.rotates,
  ) as readonly Deliver[]
  await Promise.all(
    replaced.map(change =>
      limit(async () => {
        await ledger.goOn(change, 'narrowing', () =>
          narrow(change.live, change.desired, change.narrowing, run),
        )
      }),
    ),
  )
}

/**
 * Whoever else plans while a leaked key is replaced must know that it has no claim to grace. Resolves to the keys as they are
 * then; null for a change whose keys could not all be marked.
 */
async function markLeaked(
  changes: readonly Change[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<ReadonlyMap<Change, readonly LiveKey[] | null>> {
  const marked = new Map<Change, readonly LiveKey[] | null>()
  await each(changes.filter(leaks), limit, async change => {
    const mark = async () => {
      const keys: LiveKey[] = []
      for (const live of change.leaked) keys.push(await leak(live, run))
      return keys
    }
    marked.set(change, await ledger.begin(change, 'marking as leaked', mark))
  })
  return marked
}

function leaks(change: Change): change is Rotate {
  return change.kind === 'rotate' && change.leaked.length > 0
}
