import type { Permissions } from './permission.ts'
import type { Scope } from './scope.ts'

/** Who we are to the platform, as `whoami` says. */
export interface Caller {
  readonly account: string
  /** The key that authenticates us; null where a user token does. */
  readonly key: {
    readonly id: string
    readonly name: string
    readonly scope: Scope
    readonly permissions: Permissions
  } | null
}
