import { Failure, type FailureCode } from '../../model/failure.ts'
import { holdsSecret } from '../../model/secret.ts'
import { jsonText } from './json.ts'
import { redactSecrets } from './escape.ts'

/** A failure for programs, as every command prints it with `--json`. Described in `schemas/failure.schema.json`. */
export interface FailureJson {
  readonly format_version: '1.0'
  readonly error: {
    /** `internal`: nobody expected it. */
    readonly code: FailureCode | 'internal'
    readonly exit_code: number
    readonly message: string
    readonly hints: readonly string[]
  }
}

export function failureToJson(cause: unknown, exitCode: number): FailureJson {
  const error =
    cause instanceof Failure
      ? { code: cause.code, message: redactSecrets(cause.message), hints: cause.hints.map(redactSecrets) }
      : {
          code: 'internal' as const,
          message: unexpected(cause),
          hints: ['Please report it with this message.'],
        }
  const { code, message, hints } = error
  return { format_version: '1.0', error: { code, exit_code: exitCode, message, hints } }
}

function unexpected(cause: unknown): string {
  const said =
    cause instanceof Error ? `${cause.name}: ${cause.message}` : 'a value other than an error was thrown'
  // Libraries quote what they failed on.
  return holdsSecret(said) ? 'The message is withheld because it contains a secret.' : said
}

/** The same as text. */
export function failureJsonText(cause: unknown, exitCode: number): string {
  return jsonText(failureToJson(cause, exitCode))
}

/** Do these words ask for JSON? Whatever stands after `--` belongs to another program. */
export function asksForJson(own: readonly string[]): boolean {
  return own.some(
    (word, index) =>
      word === '--json' || word === '--format=json' || (word === 'json' && own[index - 1] === '--format'),
  )
}
