import type { Change } from '../model/change.ts'
import type { StoreSpec } from '../model/store.ts'
import { isProvision } from '../model/verb.ts'
import type { Ledger } from './ledger.ts'
import type { Run } from './run.ts'

/** The stores that a change will put a secret into. */
function targets(change: Change): readonly StoreSpec[] {
  return isProvision(change) ? change.desired.stores.map(({ spec }) => spec) : []
}

/** Tries every store that will receive a secret, before anything is made. A change whose stores cannot is a failed one. */
export async function withReadyStores(
  changes: readonly Change[],
  ledger: Ledger,
  run: Run,
): Promise<readonly Change[]> {
  const results = await run.stores.probe(changes.flatMap(targets))
  return changes.filter(change => {
    for (const spec of targets(change)) {
      const failure = results.get(spec) ?? null
      if (failure === null) continue
      const { code, message, hints } = failure
      ledger.record({ change, status: 'failed', code, message, hints })
      return false
    }
    return true
  })
}
