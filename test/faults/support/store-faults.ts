import { fileStoreFaults } from './file-store-faults.ts'
import { hangingStoreFaults } from './hanging-store-faults.ts'
import { programStoreFaults } from './program-store-faults.ts'
import type { StoreFault } from './store-fault.ts'

/** All that can be wrong with a real store. */
export const storeFaults: readonly StoreFault[] = [
  ...programStoreFaults,
  ...hangingStoreFaults,
  ...fileStoreFaults,
]

export function titleOfStoreFault({ what, when }: StoreFault): string {
  return `${what}, ${when === 'before' ? 'before the run' : 'once the key is made'}`
}
