import type { LiveKey } from '../model/live-key.ts'
import { everyPermission, type Permissions } from '../model/permission.ts'
import { PlatformFailure } from './platform-failure.ts'

/** Enough for any platform, and few enough for a message. */
const most = 30

/** What the platform calls its permissions, as far as its keys show: nothing else lists them. */
export interface PermissionNames {
  saw(keys: readonly LiveKey[]): void
  /** Makes a write that grants permissions. One that is refused because of their names names those that the platform has. */
  granting<T>(permissions: Permissions | undefined, write: () => Promise<T>): Promise<T>
}

export function permissionNames(): PermissionNames {
  const seen = new Set<string>()
  return {
    saw(keys) {
      for (const { permissions } of keys)
        for (const name of permissions) if (seen.size < most && name !== everyPermission) seen.add(name)
    },
    async granting(permissions, write) {
      try {
        return await write()
      } catch (error) {
        const isRefused =
          error instanceof PlatformFailure && (error.status === 400 || error.status === 422) && seen.size > 0
        const unknown = (permissions ?? []).filter(name => !seen.has(name))
        if (!isRefused || unknown.length === 0 || !/permission/i.test(error.message)) throw error
        const { code, message, hints, status, ambiguous } = error
        const names = `Keys of this platform have these permissions: ${[...seen].sort().join(', ')}`
        throw new PlatformFailure(code, message, { status, ambiguous, hints: [names, ...hints] })
      }
    },
  }
}
