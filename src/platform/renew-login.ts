import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type Credential, type Session, renewalMargin } from './credentials.ts'
import { type LoginCalls, loginEnded } from './device-login.ts'

function lasts({ expiresAt }: Session, now: Instant): boolean {
  return expiresAt === null || expiresAt > now + renewalMargin
}

/**
 * A token that still works: the one that is kept by now, or a renewed one, which is kept at once. Two processes may renew one login
 * at the same moment, and the platform may take a refresh token only once: so who fails looks again.
 */
export async function renew(
  { source, renewal }: Pick<Credential, 'source' | 'renewal'>,
  calls: Pick<LoginCalls, 'refresh'>,
  now: () => Instant,
): Promise<Session> {
  const kept = (await renewal?.read()) ?? null
  if (kept === null || renewal === undefined) throw loginEnded(source, null)
  if (lasts(kept, now())) return kept
  const { refreshToken } = kept
  if (refreshToken === null) throw loginEnded(source, null)
  let fresh: Session
  try {
    fresh = await calls.refresh({ ...kept, refreshToken })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const other = await renewal.read()
    if (other !== null && lasts(other, now())) return other
    // Within the margin the old one still works.
    if (kept.expiresAt !== null && kept.expiresAt > now()) return kept
    throw loginEnded(source, error)
  }
  await renewal.keep(fresh)
  return fresh
}
