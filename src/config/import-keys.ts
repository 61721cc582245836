import { trimEnd } from '../model/trim-end.ts'
import { type Instant, day, formatDate } from '../model/duration.ts'
import { endTolerance } from '../model/lifetime.ts'
import { type LiveKey, secretMadeAt } from '../model/live-key.ts'
import { type Permissions, allPermissions, everyPermission } from '../model/permission.ts'
import { markerRoom, maximumDescription } from '../platform/marker-text.ts'

/** A live key as its declaration would be, ready to be written. */
export interface ProposedKey {
  readonly keyId: string
  readonly live: LiveKey
  /** As the schema has them, in the order in which they are written. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>
  /** What is known of its past, without the `#`. */
  readonly comment: string
}

export interface ImportProposal {
  readonly roles: ReadonlyMap<string, Permissions>
  /** Sorted by key id. */
  readonly keys: readonly ProposedKey[]
  /** Live keys that no declaration can say just as they are, and why. */
  readonly left: readonly { readonly live: LiveKey; readonly why: string }[]
}

/** What the configuration has already. */
export interface Known {
  readonly stack: string
  readonly keyIds: ReadonlySet<string>
  readonly roles: ReadonlyMap<string, Permissions>
}

const oneLine = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u

/** Why a key cannot be declared just as it is; null where it can. */
function obstacle({ name, scope, permissions }: LiveKey): string | null {
  if (name === '' || name.length > 100 || name.trim() !== name || !oneLine.test(name))
    return 'its name has characters, spaces at its ends, or a length that no declaration has'
  if (permissions.length === 0) return 'it has no permission'
  const unknown = permissions.find(
    each => each !== everyPermission && !(allPermissions as readonly string[]).includes(each),
  )
  if (unknown !== undefined) return `this version does not know its permission ${unknown}`
  if (scope === 'all') return null
  if (scope.length === 0) return 'it reaches no project'
  return scope.some(project => project === 'all' || project === everyPermission)
    ? 'its scope names `all`'
    : null
}

/** `CI/CD Pipeline` is `ci-cd-pipeline`; a name without a letter or digit gives the live key's id. */
export function keyIdOf({ name, id }: Pick<LiveKey, 'name' | 'id'>): string {
  const slug = (text: string) => {
    const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
    const joined = plain.replace(/[^a-z0-9_]+/g, '-').replace(/^[-_]+/, '')
    return trimEnd(joined.slice(0, 55), '-_')
  }
  return slug(name) || slug(id) || 'key'
}

function unique(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  let number = 2
  while (taken.has(`${wanted}-${number}`)) number += 1
  return `${wanted}-${number}`
}

/** A period where the end is one from the making on, else the day on which it ends. Within the tolerance, so a plan moves nothing. */
function expiryOf(live: LiveKey): string {
  if (live.expiresAt === null) return 'never'
  const length = live.expiresAt - secretMadeAt(live)
  const days = Math.round(length / day)
  const period = { kind: 'period', length: days * day } as const
  // Shorter ones may not leave room for the time in which a key is renewed.
  if (days >= 7 && Math.abs(period.length - length) < endTolerance(period)) return `${days}d`
  return formatDate(Math.ceil(live.expiresAt / day) * day)
}

function descriptionOf({ description }: LiveKey, stack: string, keyId: string): string | null {
  const room = maximumDescription - markerRoom(stack, keyId, 1)
  const text = description.replaceAll('[fk', '(fk').trim()
  return text === '' ? null : text.slice(0, room).trim()
}

/** `2026-11-19 (3 days ago)`. */
function daysAgo(at: Instant, now: Instant): string {
  const days = Math.max(0, Math.floor((now - at) / day))
  const words = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`
  return `${formatDate(at)} (${words} ago)`
}

function commentOf({ createdAt, lastUse }: LiveKey, now: Instant): string {
  const ago = (at: Instant) => daysAgo(at, now)
  const made = `made ${ago(createdAt)}`
  if (!lastUse.known) return `${made}, last use unknown`
  if (lastUse.at === null) return `${made}, never used`
  const by = lastUse.userAgent !== null && oneLine.test(lastUse.userAgent) ? ` by ${lastUse.userAgent}` : ''
  return `${made}, last used ${ago(lastUse.at)}${by}`
}

const setText = (permissions: Permissions) => permissions.join(',')

/** `read_scenarios` and `upload_results` make `read-scenarios-upload-results`. */
function roleName(permissions: Permissions): string {
  const name = permissions.join('-').replaceAll('_', '-')
  return name.length <= 60 ? name : `${permissions.length}-permissions`
}

/** Sets of several permissions that several keys have get a name. */
function findRoles(keys: readonly LiveKey[], known: Known['roles']): ReadonlyMap<string, Permissions> {
  const declared = new Set([...known.values()].map(setText))
  const sets = new Map<string, { readonly permissions: Permissions; count: number }>()
  for (const { permissions } of keys) {
    const text = setText(permissions)
    const found = sets.get(text) ?? { permissions, count: 0 }
    found.count += 1
    sets.set(text, found)
  }
  const roles = new Map<string, Permissions>()
  for (const [text, { permissions, count }] of [...sets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (count < 2 || permissions.length < 2 || declared.has(text)) continue
    roles.set(unique(roleName(permissions), new Set([...known.keys(), ...roles.keys()])), permissions)
  }
  return roles
}

/** Declarations of live keys, so that the first plan only adopts them. The same keys give the same text, in any order. */
export function proposeImport(keys: readonly LiveKey[], known: Known, now: Instant): ImportProposal {
  const left: { live: LiveKey; why: string }[] = []
  const declarable: LiveKey[] = []
  for (const live of [...keys].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))) {
    const why = obstacle(live)
    if (why === null) declarable.push(live)
    else left.push({ live, why })
  }
  const roles = findRoles(declarable, known.roles)
  const names = new Map([...known.roles, ...roles].map(([name, set]) => [setText(set), name]))
  const taken = new Set(known.keyIds)
  const proposed = declarable.map((live): ProposedKey => {
    const keyId = unique(keyIdOf(live), taken)
    taken.add(keyId)
    const role = names.get(setText(live.permissions))
    const description = descriptionOf(live, known.stack, keyId)
    return {
      keyId,
      live,
      fields: {
        adopt: live.id,
        name: live.name,
        ...(description === null ? {} : { description }),
        ...(live.environment ? { environment: live.environment } : {}),
        scope: live.scope,
        permissions: role === undefined ? live.permissions : [`role:${role}`],
        expires: expiryOf(live),
      },
      comment: commentOf(live, now),
    }
  })
  return { roles, keys: proposed.sort((a, b) => (a.keyId < b.keyId ? -1 : 1)), left }
}
