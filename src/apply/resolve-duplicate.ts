import { markerOf } from '../model/live-key.ts'
import { second } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type ManagedKey, isOlder, membersOf } from '../lifecycle/lineage.ts'
import type { Undelivered } from './make-key.ts'
import { type Seen, keyIfThere, pauses } from './look.ts'
import type { Run } from './run.ts'
import { withdraw } from './withdraw.ts'

/** Times so near do not tell which key was made first: a platform may round them, and its servers' clocks differ. */
const clockGrain = second

/** The live keys of the same key id that another run made since our plan was: what it saw is not a surprise. */
function newKin(key: Undelivered, { lineages }: Seen, run: Run): readonly ManagedKey[] {
  const lineage = lineages.get(key.marker.keyId)
  return lineage === undefined ? [] : membersOf(lineage).filter(({ live }) => !run.known.has(live.id))
}

/** Why a listing cannot tell whether a new key has rivals; null where it can. */
function blindness({ live }: Undelivered, { ids, complete }: Seen): Failure | null {
  if (!complete)
    return new Failure(
      'failed',
      `The list of keys may lack some, so a rival of ${live.id} could go unseen.`,
      {
        hints: ['Run the same command again.'],
      },
    )
  if (ids.has(live.id)) return null
  return new Failure('conflict', `${live.id} (${live.name}) was just made, and is not in the list of keys.`, {
    hints: ['Somebody revoked it, or the list is not up to date. Run plan again to see what it is like now.'],
  })
}

/** It is in the stores already, or it was made first. */
function isRival({ live, marker }: ManagedKey, own: Undelivered): boolean {
  return marker.state.kind !== 'pending' || isOlder(live, own.live)
}

/**
 * A platform that ignored the idempotency key made it, for this change or for one of the keys that the change was to finish: nobody
 * received its secret.
 */
function isTwin({ marker }: ManagedKey, { change, marker: own }: Undelivered): boolean {
  const unfinished = change.kind === 'heal' ? change.pending.map(({ live }) => markerOf(live).nonce) : []
  return marker.state.kind === 'pending' && [own.nonce, ...unfinished].includes(marker.nonce)
}

/** It should give way to us; but where it was made first, its run has not seen us, and goes on. */
function isUndecided({ live, marker }: ManagedKey, own: Undelivered): boolean {
  return marker.state.kind === 'pending' && Math.abs(live.createdAt - own.live.createdAt) < clockGrain
}

async function givesWay({ live }: ManagedKey, run: Run): Promise<boolean> {
  for (const pause of pauses) {
    await run.pause(pause)
    const now = await keyIfThere(live.id, run)
    if (now?.ownership.kind !== 'managed') return true
    if (now.ownership.marker.state.kind !== 'pending') return false
  }
  return false
}

async function whoStays(kin: readonly ManagedKey[], key: Undelivered, run: Run): Promise<ManagedKey | null> {
  const winner = kin.find(each => isRival(each, key))
  if (winner !== undefined) return winner
  for (const rival of kin.filter(each => isUndecided(each, key)))
    if (!(await givesWay(rival, run))) return rival
  return null
}

/**
 * Makes room for a new key, or makes room for another: two runs that made a key for one key id agree, without talking,
 * that the older one stays. Where times do not tell for sure which it is, whoever would stay waits until the other has
 * given way.
 */
export async function resolveDuplicate(key: Undelivered, seen: Seen, run: Run): Promise<void> {
  const blind = blindness(key, seen)
  if (blind !== null) throw await withdraw(key.live, blind, run)
  const kin = newKin(key, seen, run)
  for (const twin of kin.filter(each => isTwin(each, key))) await run.platform.revoke(twin.live.id)
  const rival = await whoStays(
    kin.filter(each => !isTwin(each, key)),
    key,
    run,
  )
  if (rival === null) return
  const fault = new Failure(
    'conflict',
    `Another run made ${rival.live.id} for ${key.marker.keyId} at the same time.`,
    {
      hints: ['Run plan again once that run is over.'],
    },
  )
  throw await withdraw(key.live, fault, run)
}
