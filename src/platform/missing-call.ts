import { type Call, callName } from './call.ts'
import { PlatformFailure } from './platform-failure.ts'

/** What cannot work on a platform that lacks a call, by the call as a pattern; `:id` is the id of a key. */
const worksOnlyWith = {
  'GET /api/api-keys': 'keys cannot be listed, and so nothing of them can be planned',
  'POST /api/api-keys': 'no key can be created',
  'GET /api/api-keys/:id': 'one key cannot be asked for',
  'PATCH /api/api-keys/:id': 'no key can be updated, and so none can be managed',
  'DELETE /api/api-keys/:id': 'no key can be revoked',
  'POST /api/api-keys/:id/regenerate': 'no key can be regenerated',
  'GET /api/api-keys/:id/usage': 'the usage of a key cannot be shown, and audit cannot judge by it',
  'GET /api/auth/whoami': 'who is calling cannot be asked',
  'GET /api/projects': 'projects cannot be listed, and the projects of a scope cannot be checked',
} as const

/** A call as a pattern: `GET /api/api-keys/:id`. */
export function callPattern(call: Pick<Call, 'method' | 'path' | 'keyId'>): string {
  return callName({
    ...call,
    path: call.keyId === undefined ? call.path : call.path.replace(call.keyId, ':id'),
  })
}

/** What a failure says of a call that the platform lacks. */
export function missingCall(
  call: Pick<Call, 'method' | 'path' | 'keyId'>,
  status: number,
): { readonly code: 'failed'; readonly message: string; readonly hints: readonly string[] } {
  const pattern = callPattern(call)
  const [, why] = Object.entries(worksOnlyWith).find(([each]) => each === pattern) ?? []
  const so = why === undefined ? '' : `: ${why}`
  return {
    code: 'failed',
    message: `The platform lacks ${pattern.replace(':id', '{id}')} (${status})${so}`,
    hints: [
      '`fluxloop-keys doctor` shows which calls the platform has, and docs/platform.md what works without one.',
    ],
  }
}

/** The same as a failure, for a call whose 404 turned out not to be about its key: as if it were a 405. */
export function missingCallFailure(call: Pick<Call, 'method' | 'path' | 'keyId'>): PlatformFailure {
  const { code, message, hints } = missingCall(call, 404)
  return new PlatformFailure(code, message, { hints, status: 405 })
}

/** Does this failure say that there is no such path, or no such method? `keyed`: a 404 may be about the key. */
export function isMissing(cause: unknown, keyed: boolean): boolean {
  if (!(cause instanceof PlatformFailure)) return false
  const { status, code } = cause
  if (status === 405) return true
  return status === 404 && (!keyed || code !== 'not-found')
}
