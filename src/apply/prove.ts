import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { samePermissions } from '../model/permission.ts'
import { sameScope } from '../model/scope.ts'
import type { Secret } from '../model/secret.ts'
import type { ApplyPlatform } from './run.ts'

/** What proving a secret asks of the platform: one whoami, on the secret's own account. */
export interface Prover {
  readonly platform: Pick<ApplyPlatform, 'whoamiAs'>
}

/** Each key has a budget of its own: that of this secret says nothing about the caller's, and ends no run. */
function ofItsOwn(cause: Failure): Failure {
  const hint = 'The budget of the key that was asked about is used up, not that of the calling key.'
  return new Failure('network', cause.message, { hints: [hint, ...cause.hints], cause })
}

/**
 * The key that a secret authenticates as, as the platform has it; null where it is none, or where the secret does not end like the
 * key that it should be, and so was not sent.
 */
export async function keyOf(
  secret: Secret,
  live: LiveKey,
  { platform }: Prover,
  when?: 'before-delivery',
): Promise<LiveKey | null> {
  try {
    return (await platform.whoamiAs(secret, live, when))?.liveKey ?? null
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    // It is this secret that is refused, not who is calling.
    if (cause.code === 'authentication') return null
    if (cause.code === 'rate-limited') throw ofItsOwn(cause)
    throw cause
  }
}

/** Does the platform accept this secret as this key? */
export async function isAccepted(secret: Secret, live: LiveKey, prover: Prover): Promise<boolean> {
  return (await keyOf(secret, live, prover))?.id === live.id
}

/** The platform refuses a secret that it has just given. */
export function notAccepted({ id }: LiveKey): Failure {
  return new Failure('failed', `The platform does not accept the new secret of ${id} as that key.`)
}

/** Fails where the platform does not accept a secret as the key that it was made for, as it was made. */
export async function requireWorking(secret: Secret, live: LiveKey, prover: Prover): Promise<void> {
  const key = await keyOf(secret, live, prover, 'before-delivery')
  const works =
    key?.id === live.id &&
    sameScope(key.scope, live.scope) &&
    samePermissions(key.permissions, live.permissions)
  if (!works) throw notAccepted(live)
}
