import type { Lifetime } from './lifetime.ts'
import type { Permissions } from './permission.ts'

/** What a declared key should be; null leaves a field as it is. */
export interface KeyFix {
  readonly keyId: string
  readonly permissions: Permissions | null
  readonly scope: readonly string[] | null
  readonly expires: Lifetime | null
}

/** What audit found and does not fix. */
export interface LeftAlone {
  /** Null: of no key in particular. */
  readonly keyId: string | null
  readonly rule: string
  /** One clause: why. */
  readonly why: string
}
