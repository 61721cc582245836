import type { DesiredKey } from '../model/desired.ts'
import { noRemoval, type Removal } from '../model/removal.ts'
import type { Provision } from '../model/verb.ts'
import { requestsOf, waveSize } from '../plan/requests.ts'
import { deliverNew } from './deliver.ts'
import type { Done, Ledger } from './ledger.ts'
import { listWithNewKeys } from './look.ts'
import { type Undelivered, makeGeneration } from './make-key.ts'
import type { Run } from './run.ts'
import { resolveDuplicate } from './resolve-duplicate.ts'

/** A key to make and deliver, on behalf of a change. */
interface NewGeneration {
  readonly change: Provision
  readonly desired: DesiredKey
  readonly generation: number
  readonly removal: Removal
}

export type Limit = <T>(work: () => Promise<T>) => Promise<T>

interface Made {
  readonly task: NewGeneration
  readonly key: Undelivered
}

/** What was done in the end, whatever was tried before. */
const actions: { readonly [K in Provision['kind']]: Done['action'] } = {
  create: 'created',
  rotate: 'rotated',
  deliver: 'rotated',
  heal: 'healed',
}

function generationFor(change: Provision): NewGeneration {
  const { desired, generation } = change
  if (generation === null) throw new TypeError('unreachable: it has no source that makes a key')
  return { change, desired, generation, removal: change.kind === 'create' ? noRemoval : change.removal }
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
  const make = async (task: NewGeneration): Promise<Made> => {
    return { task, key: await makeGeneration(task.desired, task.generation, task.removal, run) }
  }
  const made = await Promise.all(
    tasks.map(task => limit(() => ledger.begin(task.change, 'creating', () => make(task)))),
  )
  return made.filter(one => one !== null)
}

/**
 * The source `new key`: makes and delivers new generations in waves: make all, look once for rivals and twins, deliver all.
 * Resolves to what was delivered.
 */
export async function provisionInWaves(
  changes: readonly Provision[],
  ledger: Ledger,
  limit: Limit,
  run: Run,
): Promise<ReadonlyMap<Provision, Undelivered>> {
  const delivered = new Map<Provision, Undelivered>()
  let left = changes.map(generationFor)
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
    const deliver = async ({ task, key }: Made) => {
      const delivery = await ledger.goOn(task.change, 'delivering', async () => {
        await resolveDuplicate(key, await look, run)
        return await deliverNew(key, task.desired, task.removal, run)
      })
      if (delivery === null) return
      delivered.set(task.change, key)
      ledger.done(task.change, { action: actions[task.change.kind], ...delivery })
    }
    await Promise.all(made.map(one => limit(() => deliver(one))))
  }
  return delivered
}
