import type { Change } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { Removal } from '../model/removal.ts'
import { type ManagedKey, isOlder, membersOf } from '../model/lineage.ts'
import { sortByOwner } from '../model/ownership.ts'
import { requestsOf, waveSize } from '../plan/requests.ts'
import type { Listing } from '../platform/types.ts'
import { deliver } from './deliver.ts'
import { type Undelivered, issue } from './issue.ts'
import type { Done, Ledger } from './ledger.ts'
import type { Run } from './run.ts'
import { withdraw } from './withdraw.ts'

/** A key to make and deliver, on behalf of a change. */
export interface NewGeneration {
  readonly change: Change
  readonly desired: DesiredKey
  readonly generation: number
  readonly removal: Removal
  readonly action: Done['action']
}

export type Limit = <T>(work: () => Promise<T>) => Promise<T>

/** The other live keys of the same key id. */
function kinOf(key: Undelivered, listing: Listing, run: Run): readonly ManagedKey[] {
  const lineage = sortByOwner(run.desired.stack, listing.keys, listing.now).lineages.get(key.marker.keyId)
  return lineage === undefined ? [] : membersOf(lineage).filter(({ live }) => live.id !== key.live.id)
}

/** Why a listing cannot tell whether a new key has rivals; null where it can. */
function blindness({ live }: Undelivered, { keys, complete }: Listing): Failure | null {
  if (!complete)
    return new Failure(
      'failed',
      `The list of keys may lack some, so a rival of ${live.id} could go unseen.`,
      {
        hints: ['Run the same command again.'],
      },
    )
  if (keys.some(({ id }) => id === live.id)) return null
  return new Failure('conflict', `${live.id} (${live.name}) was just made, and is not in the list of keys.`, {
    hints: ['Somebody revoked it, or the list is not up to date. Run plan again to see what it is like now.'],
  })
}

/** A higher generation, or another key of the same one that is older, or whose secret is in the stores already. */
function isRival({ live, marker }: ManagedKey, own: Undelivered): boolean {
  if (marker.generation !== own.marker.generation) return marker.generation > own.marker.generation
  if (marker.nonce === own.marker.nonce) return false
  return marker.state.kind === 'delivered' || isOlder(live, own.live)
}

/**
 * Makes room for a new key, or makes room for another: two runs that made the same generation agree, without talking,
 * that the older key stays. A twin with our own nonce comes from a platform that ignored the idempotency key.
 */
async function settle(key: Undelivered, listing: Listing, run: Run): Promise<void> {
  const blind = blindness(key, listing)
  if (blind !== null) throw await withdraw(key.live, blind, run)
  const kin = kinOf(key, listing, run)
  for (const twin of kin.filter(({ marker }) => marker.nonce === key.marker.nonce)) {
    await run.platform.revoke(twin.live.id)
  }
  const rival = kin.find(each => isRival(each, key))
  if (rival === undefined) return
  const fault = new Failure(
    'conflict',
    `Another run made ${rival.live.id} for ${key.marker.keyId} at the same time.`,
    {
      hints: ['Run plan again once that run is over.'],
    },
  )
  throw await withdraw(key.live, fault, run)
}

interface Made {
  readonly task: NewGeneration
  readonly key: Undelivered
}

/** How many keys one wave makes: no more than the budget lets it finish, so that none waits half done for hours. */
async function sizeOfWave({ change }: NewGeneration, { budget }: Run): Promise<number> {
  const each = Math.max(2, requestsOf(change).least)
  await budget.ready(each + 1)
  const known = budget.budget()
  if (known === null) return waveSize
  return Math.max(1, Math.min(waveSize, Math.floor((known.remaining - 1) / each)))
}

async function makeAll(
  tasks: readonly NewGeneration[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<readonly Made[]> {
  const made = await Promise.all(
    tasks.map(task =>
      limit(() =>
        ledger.begin(task.change, 'creating', async () => ({
          task,
          key: await issue(task.desired, task.generation, task.removal, run),
        })),
      ),
    ),
  )
  return made.filter(one => one !== null)
}

/**
 * Makes and delivers new generations in waves: make all, look once for rivals and twins, deliver all. Resolves to what was
 * delivered.
 */
export async function issueInWaves(
  tasks: readonly NewGeneration[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<ReadonlyMap<Change, Undelivered>> {
  const delivered = new Map<Change, Undelivered>()
  let left = tasks
  while (left[0] !== undefined) {
    const size = await sizeOfWave(left[0], run)
    const made = await makeAll(left.slice(0, size), ledger, limit, run)
    left = left.slice(size)
    if (made.length === 0) continue
    const look = run.platform.list()
    look.catch(() => undefined)
    await Promise.all(
      made.map(({ task, key }) =>
        limit(async () => {
          const delivery = await ledger.goOn(task.change, 'delivering', async () => {
            const listing = await look
            run.checkpoint('after-wave-list')
            await settle(key, listing, run)
            return await deliver(key, task.desired, task.removal, run)
          })
          if (delivery === null) return
          delivered.set(task.change, key)
          ledger.done(task.change, { action: task.action, liveId: key.live.id, ...delivery })
        }),
      ),
    )
  }
  return delivered
}
