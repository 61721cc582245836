/** Every kind of expected failure and the exit code it leads to (DESIGN.md; the platform's own CLI uses 0 to 5 and 12 the same way). */
export const exitCodes = {
  failed: 1,
  usage: 2,
  configuration: 2,
  authentication: 3,
  permission: 3,
  network: 4,
  'rate-limited': 4,
  'not-found': 5,
  refused: 6,
  partial: 7,
  conflict: 12,
  interrupted: 130,
} as const

export type FailureCode = keyof typeof exitCodes

/** The package of fleets is bundled apart and has a copy of this module: a failure of one is known as one by the other. */
const brand = Symbol.for('fluxloop-keys.failure')

/** An expected failure: what is wrong, and what to do about it. Neither text ever holds a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  /** What to do about it, in full sentences, a line each. */
  readonly hints: readonly string[]

  constructor(
    code: FailureCode,
    message: string,
    options: { readonly hints?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.hints = options.hints ?? []
  }

  get exitCode(): number {
    return exitCodes[this.code]
  }

  get [brand](): true {
    return true
  }

  /** Of this class it asks for the brand; kinds of failures are those of one copy. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== Failure) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Somebody was asked, and said no: nothing went wrong, though what was asked about is not done. */
export class Declined extends Failure {
  constructor(message: string, code: 'failed' | 'interrupted' = 'failed') {
    super(code, message)
  }
}
