import type { Instant } from '../../model/duration.ts'
import type { LastUse, LiveKey, Ownership } from '../../model/live-key.ts'
import { inShownOrder } from '../../model/permission-labels.ts'
import { everyPermission, type Permissions } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import { expiryInWords } from './calendar-day.ts'
import { relativeTime } from '../text/time.ts'

/** The words of the screens of `apikeys`, as on the platform's page. They are not escaped yet. */

/** `Expires: Apr 15, 2024 (84 days remaining)`; of a key that has ended, `Expired: Jan 15, 2024 (30 days ago)`. */
export function expiryLine({ expiresAt }: LiveKey, now: Instant, timeZone: string): string {
  const label = expiresAt !== null && expiresAt <= now ? 'Expired' : 'Expires'
  return `${label}: ${expiryInWords(expiresAt, now, timeZone)}`
}

/** `2 hours ago`, `Never`, `Unknown`. */
export function lastUseInWords(lastUse: LastUse, now: Instant): string {
  if (!lastUse.known) return 'Unknown'
  return lastUse.at === null ? 'Never' : relativeTime(lastUse.at, now)
}

/** `customer-support-bot, sales-assistant`, `All Projects`. */
export function scopeInWords(scope: Scope): string {
  if (scope === 'all') return 'All Projects'
  return scope.length === 0 ? 'None' : scope.join(', ')
}

/** `read_scenarios, upload_results`, in the page's order. */
export function permissionsInWords(permissions: Permissions): string {
  if (permissions.includes(everyPermission)) return 'All (*)'
  return permissions.length === 0 ? 'None' : inShownOrder(permissions).join(', ')
}

/** `acme-agents/ci-pipeline (generation 2, delivered)`; null where no stack owns the key. */
export function ownerInWords(ownership: Ownership): string | null {
  switch (ownership.kind) {
    case 'unmanaged':
      return null
    case 'unreadable':
      return 'a marker that this version cannot read'
    case 'copied':
      return `the marker of another key (${ownership.marker.stack}/${ownership.marker.keyId})`
    case 'managed': {
      const { stack, keyId, generation, state } = ownership.marker
      const guarded = ownership.marker.protected ? ', protected' : ''
      return `${stack}/${keyId} (generation ${generation}, ${state.kind}${guarded})`
    }
  }
}
