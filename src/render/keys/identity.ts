import type { Instant } from '../../model/duration.ts'
import { type LiveKey, shownEnvironment } from '../../model/live-key.ts'
import { allPermissions, everyPermission } from '../../model/permission.ts'
import { daysRemaining, expiryInWords } from './calendar-day.ts'
import { maskedKey } from './masked-key.ts'
import type { Palette } from '../text/palette.ts'
import { isoTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { minimumWidth, pad, wrap } from '../text/layout.ts'

export interface IdentityStyle {
  readonly palette: Palette
  readonly width: number
  readonly now: Instant
  readonly timeZone: string
}

/** Who the platform says that we are. */
export interface Identity {
  readonly account: string
  /** Null where a user token authenticates us. */
  readonly liveKey: LiveKey | null
}

/** A name of a row and its value: `Account: acme`. */
export type Field = readonly [label: string, value: string]

/** Rows with their values aligned, two columns in. Values are escaped and wrapped. */
export function renderFields(fields: readonly Field[], { palette, width }: IdentityStyle): string {
  const room = Math.max(...fields.map(([label]) => label.length)) + 3
  return fields
    .flatMap(([label, value]) => {
      const lead = `  ${palette.dim(pad(`${label}:`, room - 2))} `
      return wrap(escapeControls(value), Math.max(minimumWidth, width), lead, ' '.repeat(room + 1))
    })
    .join('\n')
}

function permissionsInWords({ permissions }: LiveKey): string {
  if (permissions.includes(everyPermission)) return `all ${allPermissions.length}`
  return permissions.length === 0 ? 'none' : permissions.join(', ')
}

/** Whose credential it is and what it may do. `expiresAt`: as the credential's own source says, for a user token. */
export function identityFields(
  { account, liveKey }: Identity,
  expiresAt: Instant | null,
  { now, timeZone }: IdentityStyle,
): readonly Field[] {
  if (liveKey === null) {
    const expires = expiresAt === null ? 'unknown' : expiryInWords(expiresAt, now, timeZone)
    return [
      ['Account', account],
      ['Signed in as', 'a user, with all that the account may do'],
      ['Expires', expires],
    ]
  }
  const { name, id, scope } = liveKey
  return [
    ['Account', account],
    ['Key', name],
    ['Key ID', id],
    ['Value', maskedKey(liveKey)],
    ['Expires', expiryInWords(liveKey.expiresAt, now, timeZone)],
    ['Scope', scope === 'all' ? 'All Projects' : scope.join(', ')],
    ['Permissions', permissionsInWords(liveKey)],
  ]
}

/** The same for programs; times in UTC. */
export function identityToJson({ account, liveKey }: Identity, expiresAt: Instant | null, now: Instant) {
  const end = liveKey === null ? expiresAt : liveKey.expiresAt
  return {
    account,
    expires_at: end === null ? null : isoTime(end),
    days_remaining: daysRemaining(end, now),
    api_key:
      liveKey === null
        ? null
        : {
            id: liveKey.id,
            name: liveKey.name,
            masked_key: maskedKey(liveKey),
            environment: shownEnvironment(liveKey),
            scope: liveKey.scope,
            permissions: liveKey.permissions,
          },
  }
}
