import { Failure, type FailureCode } from '../model/failure.ts'

/** A call to the platform that failed. It has no cause: what a library says of a request may quote its headers. */
export class PlatformFailure extends Failure {
  /** The HTTP status of an answer that is an error; null where none came, or where its content is what is wrong. */
  readonly status: number | null
  /** The call may have taken effect all the same: a try of this write was cut off, or answered by a server error. */
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
