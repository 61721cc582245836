import type { DeclaredStore } from './store.ts'

/**
 * Whose a key's stores are: of no machine; here, or elsewhere (on another host or in another folder), where some of them are local; or nobody's yet, since the
 * key was never delivered to them.
 */
export type HomeOwner = 'anyone' | 'here' | 'another-host' | 'nobody-yet'

/** Where the secret of a declared key goes from here. */
export interface KeyHome {
  readonly keyId: string
  readonly owner: HomeOwner
  readonly stores: readonly DeclaredStore[]
}
