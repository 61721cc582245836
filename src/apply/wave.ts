import type { LiveKey } from '../model/live-key.ts'
import type { Provision } from '../model/verb.ts'
import { requestsOf, waveSize } from '../plan/requests.ts'
import { deliverNew } from './deliver.ts'
import type { Done, Ledger } from './ledger.ts'
import { listWithNewKeys } from './look.ts'
import { type Undelivered, makeGeneration } from './make-key.ts'
import { resolveDuplicate } from './resolve-duplicate.ts'
import type { Others } from './retire-predecessors.ts'
import type { Run } from './run.ts'

/** What was done in the end, whatever was tried before. */
const actions: { readonly [K in Provision['kind']]: Done['action'] } = {
  create: 'created',
  rotate: 'rotated',
  deliver: 'rotated',
  heal: 'healed',
}

/** A key that was made and delivered, and its predecessors as they are since then. */
export interface Delivered {
  readonly key: Undelivered
  readonly retired: readonly LiveKey[]
}

/** How many keys one wave makes: no more than the budget lets it finish, so that none waits half done for hours. */
async function sizeOfWave(change: Provision, { budget }: Run): Promise<number> {
  const each = Math.max(2, requestsOf(change).least)
  // What the wave makes may take one page more.
  const list = budget.listCost() + 1
  await budget.ready(each + list)
  const known = budget.budget()
  if (known === null) return waveSize
  return Math.max(1, Math.min(waveSize, Math.floor((known.remaining - list) / each)))
}

/**
 * The source `new key`: makes and delivers new generations in waves: make all, look once for rivals and twins, deliver all.
 * Resolves to what was delivered.
 */
export async function provisionInWaves(
  changes: readonly Provision[],
  others: Others,
  ledger: Ledger,
  run: Run,
): Promise<ReadonlyMap<Provision, Delivered>> {
  const delivered = new Map<Provision, Delivered>()
  let left = changes
  while (left[0] !== undefined) {
    const wave = left.slice(0, await sizeOfWave(left[0], run))
    left = left.slice(wave.length)
    const making = wave.map(change => ledger.begin(change, 'creating', () => makeGeneration(change, run)))
    const made = (await Promise.all(making)).filter(one => one !== null)
    if (made.length === 0) continue
    const ids = made.map(({ live }) => live.id)
    const look = listWithNewKeys(ids, run)
    look.catch(() => undefined)
    const deliver = async (key: Undelivered) => {
      const { change } = key
      const delivery = await ledger.goOn(change, 'delivering', async () => {
        await resolveDuplicate(key, await look, run)
        return await deliverNew(key, others, run)
      })
      if (delivery === null) return
      delivered.set(change, { key, retired: delivery.retired })
      ledger.done(change, { action: actions[change.kind], ...delivery.done })
    }
    await Promise.all(made.map(deliver))
  }
  return delivered
}
