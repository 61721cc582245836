/** One finding of validation, in the shape of FastAPI: where in the request, what, and a stable type. */
export interface Issue {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

interface ErrorBody {
  readonly detail: string | readonly Issue[]
  readonly code?: string
  readonly [extra: string]: unknown
}

/** An answer that says no. Whoever throws it has changed nothing yet, or what it changed is rolled back. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly body: ErrorBody
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}) {
    super(`HTTP ${status}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export function invalid(issues: readonly Issue[]): HttpError {
  return new HttpError(422, { detail: issues })
}

export function notFound(what: string): HttpError {
  return new HttpError(404, { detail: `${what} not found` })
}

/** Nobody is known by that credential, or by none. */
export function unauthenticated(detail: string): HttpError {
  return new HttpError(401, { detail, code: 'invalid_api_key' }, { 'www-authenticate': 'Bearer' })
}

/** `required` is what the caller lacks: permissions, or projects as `project:NAME` (`project:*` for all of them). */
export function forbidden(
  detail: string,
  required: readonly string[],
  current: readonly string[],
): HttpError {
  return new HttpError(403, { detail, code: 'insufficient_permissions', required, current })
}
