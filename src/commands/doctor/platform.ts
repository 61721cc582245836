import type { Connection, ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import type { Check } from '../../model/checkup.ts'
import type { DesiredState } from '../../model/desired.ts'
import { type Instant, day, minute, second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { permissionsBeyond } from '../../model/permission.ts'
import { reachesBeyond } from '../../model/scope.ts'
import { unknownAccount } from '../../platform/calling-key.ts'
import type { CapabilityName } from '../../platform/capabilities.ts'
import type { Credential } from '../../platform/credentials.ts'
import type { Listing, PlatformClient, Whoami } from '../../platform/types.ts'
import { dateTime, durationInWords } from '../../render/text/time.ts'
import { enumerate } from '../../render/text/values.ts'
import { callCheck, tryCalls } from './calls.ts'
import { check, failed } from './check.ts'
import { tryWrites } from './trial-key.ts'

/** How far a clock may be off before TLS, lock files and logs begin to be wrong about time. */
const skew = minute
const near = 14 * day

/** The times of a listing are whole seconds, and it took a while to come. */
export function checkClock({ now, clock }: Pick<Listing, 'now' | 'clock'>, ours: Instant): Check {
  if (clock === 'local') return check('clock', 'skipped', ['The platform does not say what time it is'])
  const off = Math.abs(ours - now)
  if (off <= skew) return check('clock', 'ok', ["This machine's clock agrees with the platform's"])
  const words = off < 2 * minute ? `${Math.round(off / second)} seconds` : durationInWords(off)
  const direction = ours > now ? 'ahead of' : 'behind'
  return check('clock', 'warning', [
    `This machine's clock is ${words} ${direction} the platform's`,
    'Set it (on Linux: timedatectl set-ntp true). Plans go by the platform’s clock, but logs and locks by this one.',
  ])
}

/** A login that is renewed does not end. */
function endOf({ expiresAt, renewal }: Credential): Instant | null {
  return renewal === undefined ? expiresAt : null
}

/** What the caller may do, against what managing these keys takes. */
export function checkPermissions(
  { liveKey }: Whoami,
  expiresAt: Instant | null,
  desired: DesiredState | null,
  now: Instant,
): Check {
  const end = liveKey === null ? expiresAt : liveKey.expiresAt
  const who = liveKey === null ? 'A user' : `${liveKey.name} (${liveKey.id})`
  if (liveKey !== null && permissionsBeyond(['manage_keys'], liveKey.permissions).length > 0) {
    // It was allowed to list the keys: the platform may have another name for that permission.
    const has = liveKey.permissions.length === 0 ? 'none' : enumerate(liveKey.permissions)
    return check('permissions', 'failed', [
      `${who} lacks manage_keys: the platform says that it has ${has}`,
      'Use a key that may manage keys: fluxloop-keys auth login, or FLUXLOOP_API_KEY.',
      'Where the platform has other names for its permissions, declare keys with those.',
    ])
  }
  if (liveKey !== null && reachesBeyond('all', liveKey.scope)) {
    return check('permissions', 'warning', [
      `${who} does not reach all projects, so nothing is created and nothing is pruned`,
      'Use a key whose scope is all projects.',
    ])
  }
  const beyond =
    liveKey === null
      ? []
      : (desired?.keys ?? []).filter(
          key => permissionsBeyond(key.permissions, liveKey.permissions).length > 0,
        )
  if (beyond.length > 0) {
    return check('permissions', 'warning', [
      `${who} does not hold what ${enumerate(beyond.map(({ keyId }) => keyId))} would be granted`,
      'A key can only be granted what its maker holds. Use a key with more permissions.',
    ])
  }
  if (end !== null && end - now <= near) {
    return check('permissions', 'warning', [
      `${who} may manage keys until ${dateTime(end)}`,
      'Get a new credential before it ends.',
    ])
  }
  return check('permissions', 'ok', [`${who} may manage keys`])
}

/** One check for each capability; `nonce` is null where nothing may be written. */
async function checkCalls(
  client: PlatformClient,
  who: Whoami,
  listing: Listing,
  nonce: string | null,
): Promise<readonly Check[]> {
  const found = await tryCalls(client, who, listing)
  const names = Object.keys(found) as CapabilityName[]
  const written = nonce === null ? { found: {}, checks: [] } : await tryWrites(client, who, nonce)
  const all = { ...found, ...written.found }
  return [...written.checks, ...names.map(name => callCheck(name, all[name]))]
}

const untried = ['platform', 'clock', 'permissions'] as const

/**
 * Two requests tell who is calling, what time it is and that keys may be listed; three more whether each other call is there. `write`
 * tries those that write as well, with a key that is made and ended.
 */
export async function checkPlatform(
  options: ConnectionOptions & { readonly verbose: boolean; readonly write: boolean },
  desired: DesiredState | null,
  context: Context,
): Promise<{ readonly checks: readonly Check[]; readonly requests: number }> {
  const skipped = (after: number) =>
    untried.slice(after).map(name => check(name, 'skipped', ['It could not be tried']))
  let connection: Connection
  try {
    connection = await context.connect(options)
  } catch (error) {
    return { checks: [failed('credentials', error), ...skipped(0)], requests: 0 }
  }
  const { client, url, credential } = connection
  const checks: Check[] = [check('credentials', 'ok', [`From ${credential.source}`])]
  const { source } = await context.endpoint(options)
  try {
    const who = await client.whoami()
    const listing = await client.list({ maximumPages: 1 })
    const now = context.now()
    const account = who.account === unknownAccount ? '' : `, as ${who.account}`
    checks.push(check('platform', 'ok', [`${url} (${source}) answers${account}`]))
    checks.push(checkClock(listing, now), checkPermissions(who, endOf(credential), desired, listing.now))
    checks.push(...(await checkCalls(client, who, listing, options.write ? context.nonce() : null)))
  } catch (error) {
    // Who is not known, or may not list keys, has reached the platform.
    const reached =
      error instanceof Failure && (error.code === 'authentication' || error.code === 'permission')
    if (reached) {
      checks.push(check('platform', 'ok', [`${url} (${source}) answers`]))
      checks.push(...skipped(1).slice(0, 1), failed('permissions', error))
    } else checks.push(failed('platform', error), ...skipped(1))
  }
  return { checks, requests: client.requests() }
}
