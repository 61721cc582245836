import type { DesiredKey } from '../model/desired.ts'
import { type Instant, day, minute } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { endOfLife, endTolerance } from '../model/lifetime.ts'
import { type LiveKey, endsLike } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { samePermissions } from '../model/permission.ts'
import { sameScope } from '../model/scope.ts'
import { formatMarker } from '../platform/marker-text.ts'
import type { Issued, KeyPatch, NewKey } from '../platform/types.ts'

/** The platform does not keep our markers: nothing more may be made or changed in this run. */
export class MarkerLost extends Failure {
  /** `restored`: a new key needs no restoring, since it is revoked again. */
  constructor(live: LiveKey, restored = true) {
    super('failed', `The platform did not keep the marker in the description of ${live.id} (${live.name}).`, {
      hints: [
        restored
          ? 'What was changed has its former description back, and the run stopped.'
          : 'Its former description could not be put back: look at it in the web platform. The run stopped.',
        'fluxloop-keys keeps its state in descriptions, so it cannot manage keys on a platform that cuts or drops them.',
      ],
    })
  }
}

/**
 * Does this failure, or the one that it reports, end the whole run? Where the budget of requests is used up, or the
 * caller is no longer known, every further request would only be refused as well.
 */
export function endsRun(failure: unknown): boolean {
  if (!(failure instanceof Failure)) return false
  if (failure.code === 'rate-limited' || failure.code === 'authentication') return true
  return failure instanceof MarkerLost || failure.cause instanceof MarkerLost
}

/**
 * Is the key that an answer says was made really the one that was asked for? Else it may be anybody's: what went wrong with our
 * own must never be a reason to revoke it. Where the platform kept no marker, or none was asked for, the name has to do.
 */
export function isOwn(
  { id, name, ownership }: LiveKey,
  asked: Pick<NewKey, 'name' | 'marker'>,
  known: ReadonlySet<string>,
): boolean {
  if (known.has(id)) return false
  const carried = carriedMarker(ownership)
  return carried === null ? name === asked.name : carried.nonce === asked.marker?.nonce
}

/** The marker in a key's description, whether it is bound to that key or not: what a run has just written is its own. */
function carriedMarker(ownership: LiveKey['ownership']): Marker | null {
  return ownership.kind === 'managed' || ownership.kind === 'copied' ? ownership.marker : null
}

/** Compared as they are written, since times lose their milliseconds there. */
export function keepsMarker({ ownership }: LiveKey, marker: Marker): boolean {
  const carried = carriedMarker(ownership)
  return carried !== null && formatMarker(carried) === formatMarker(marker)
}

/** The field of a new key that is not what was asked for; null where all are. */
function unlikeAsked(
  live: LiveKey,
  desired: Pick<DesiredKey, 'name' | 'description' | 'environment' | 'scope' | 'permissions' | 'expires'>,
): string | null {
  const end = endOfLife(desired.expires, live.createdAt)
  // A platform may round ends to the end of the day: as much as an update tolerates.
  const tolerance = Math.max(endTolerance(desired.expires), minute)
  const sameEnd =
    end === null || live.expiresAt === null
      ? end === live.expiresAt
      : Math.abs(end - live.expiresAt) <= tolerance
  const checks: readonly (readonly [field: string, same: boolean])[] = [
    ['name', live.name === desired.name],
    ['description', live.description === desired.description],
    ['environment', sameEnvironment(desired.environment, live.environment)],
    ['scope', sameScope(live.scope, desired.scope)],
    ['permissions', samePermissions(live.permissions, desired.permissions)],
    ['expires_at', sameEnd],
  ]
  return checks.find(([, same]) => !same)?.[0] ?? null
}

/** A platform that says none has none to ask for. */
function sameEnvironment(wanted: DesiredKey['environment'], given: LiveKey['environment']): boolean {
  return wanted === null || given === undefined || given === wanted
}

/** What of an answer to a create is not what was asked for, in words; null where all is. */
export function unlikeIssued(
  { key, secret }: Issued,
  asked: Parameters<typeof unlikeAsked>[1],
): string | null {
  if (secret === null) return 'its answer holds no secret'
  const field = unlikeAsked(key, asked)
  if (field !== null) return `its \`${field}\` is not what was asked for`
  return endsLike(secret, key) ? null : 'its masked key is not that of the secret'
}

/** The field of an updated key that is not what was asked for, the marker aside; null where all are. */
export function unlikePatched(live: LiveKey, patch: KeyPatch): string | null {
  const { name, description, scope, permissions, expiresAt } = patch
  const checks: readonly (readonly [field: string, same: boolean])[] = [
    ['name', name === undefined || live.name === name],
    ['description', description === undefined || live.description === description.text],
    ['scope', scope === undefined || sameScope(live.scope, scope)],
    ['permissions', permissions === undefined || samePermissions(live.permissions, permissions)],
    ['expires_at', expiresAt === undefined || isNear(live.expiresAt, expiresAt)],
  ]
  return checks.find(([, same]) => !same)?.[0] ?? null
}

/** A platform may round ends to days. */
function isNear(a: Instant | null, b: Instant | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= day
}

/** Does this key have everything that a PATCH asked for, the marker included? */
export function isPatched(live: LiveKey, patch: KeyPatch): boolean {
  const marker = patch.description?.marker ?? null
  return unlikePatched(live, patch) === null && (marker === null || keepsMarker(live, marker))
}
