import { Failure, type FailureCode } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'

/** A call to the platform that failed. It has no cause: what a library says of a request may quote its headers. */
export class PlatformFailure extends Failure {
  /** The HTTP status of an answer that is an error; null where none came, or where its content is what is wrong. */
  readonly status: number | null
  /** The call may have taken effect anyway: a try of this write was cut off, or answered by a server error. */
  readonly ambiguous: boolean

  constructor(
    code: FailureCode,
    message: string,
    options: {
      readonly hints?: readonly string[]
      readonly status?: number | null
      readonly ambiguous?: boolean
    } = {},
  ) {
    super(code, message, { hints: options.hints ?? [] })
    this.status = options.status ?? null
    this.ambiguous = options.ambiguous ?? false
  }
}

/**
 * A write that gave a secret whose key is not known: the answer names no key or another one. The secret is shown once
 * and may be the only one that works, so whoever catches this delivers it or shows it.
 */
export class UnplacedSecret extends PlatformFailure {
  readonly secret: Secret

  constructor(cause: PlatformFailure, secret: Secret) {
    const { code, message, hints, status } = cause
    super(code, message, { hints, status, ambiguous: true })
    this.secret = secret
  }
}

/** The failure that holds a secret, which may be the cause of others; null where none does. */
export function unplacedSecret(failure: unknown): UnplacedSecret | null {
  if (failure instanceof UnplacedSecret) return failure
  return failure instanceof Failure && failure.cause !== undefined ? unplacedSecret(failure.cause) : null
}
