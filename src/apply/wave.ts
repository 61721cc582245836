import type { Change } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Removal } from '../model/removal.ts'
import { requestsOf, waveSize } from '../plan/requests.ts'
import { deliver } from './deliver.ts'
import { type Undelivered, issue } from './issue.ts'
import type { Done, Ledger } from './ledger.ts'
import { listWithNewKeys } from './look.ts'
import type { Run } from './run.ts'
import { resolveDuplicate } from './resolve-duplicate.ts'

/** A key to make and deliver, on behalf of a change. */
export interface NewGeneration {
  readonly change: Change
  readonly desired: DesiredKey
  readonly generation: number
  readonly removal: Removal
  readonly action: Done['action']
}

export type Limit = <T>(work: () => Promise<T>) => Promise<T>

interface Made {
  readonly task: NewGeneration
  readonly key: Undelivered
}

/** How many keys one wave makes: no more than the budget lets it finish, so that none waits half done for hours. */
async function sizeOfWave({ change }: NewGeneration, { budget }: Run): Promise<number> {
  const each = Math.max(2, requestsOf(change).least)
  // What the wave makes may take one page more.
  const list = budget.listCost() + 1
  await budget.ready(each + list)
  const known = budget.budget()
  if (known === null) return waveSize
  return Math.max(1, Math.min(waveSize, Math.floor((known.remaining - list) / each)))
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
    const look = listWithNewKeys(
      made.map(({ key }) => key.live.id),
      run,
    )
    look.catch(() => undefined)
    await Promise.all(
      made.map(({ task, key }) =>
        limit(async () => {
          const delivery = await ledger.goOn(task.change, 'delivering', async () => {
            const listing = await look
            await resolveDuplicate(key, listing, run)
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
