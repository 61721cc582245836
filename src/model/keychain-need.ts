import type { Change } from './change.ts'
import { isProvision } from './verb.ts'

/** Its secret goes to a keychain and has no other place to go where that does not work. */
export function needsKeychain(change: Change): boolean {
  return (
    isProvision(change) &&
    change.desired.stores.some(({ spec }) => spec.kind === 'keychain' && spec.fallback === null)
  )
}
