import type { Mutant } from './mutant.ts'
import { playCase } from './crash-play.ts'
import { caseOf } from './setting.ts'
import { wrongOrders } from './wrong-orders.ts'
import { wrongSteps } from './wrong-steps.ts'

export const mutants: Readonly<Record<string, Mutant>> = { ...wrongOrders, ...wrongSteps }

/** What is wrong in these cases of the crash matrix. `program`: another build than the usual one. */
export async function faultsOf(
  titles: readonly string[],
  program: string | null,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const title of titles) {
    const { setting, kills } = caseOf(title)
    const verdict = await playCase(setting, kills, program)
    faults.push(...verdict.faults.map(fault => `${title}: ${fault}`))
  }
  return faults
}
