import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import { type EnvFormat, renderEnvLines } from '../render/keys/env-lines.ts'
import { fitsDotenv } from '../stores/dotenv.ts'
import { requireReveal } from './secret/output.ts'
import { readSecrets } from './secret/read.ts'
import { variablesOf } from './secret/variables.ts'

export interface EnvOptions {
  readonly config: readonly string[]
  /** `KEY` and `NAME=KEY`. */
  readonly keys: readonly string[]
  /** The names for the key without one. */
  readonly env: readonly string[]
  readonly format: EnvFormat
  /** Print to a terminal too. */
  readonly reveal: boolean
}

function requireFit(name: string, value: string, format: EnvFormat): void {
  if (format !== 'dotenv' || fitsDotenv(value)) return
  throw new Failure(
    'failed',
    `The value of ${name} has a quote or a backslash, on which readers of dotenv files disagree`,
    {
      hints: ['Use another --format, or `fluxloop-keys exec`.'],
    },
  )
}

/** Prints variables with delivered secrets as lines for a shell, a dotenv file or a CI step: all of them, or none. Makes no request. */
export async function runEnv(options: EnvOptions, context: Context): Promise<number> {
  const { stdout } = context
  const { format } = options
  const variables = variablesOf(options.keys, options.env)
  requireReveal(options.reveal, context)
  const secrets = await readSecrets(
    variables.map(({ keyId }) => keyId),
    options.config,
    context,
  )
  const lines = variables.map(({ name, keyId }) => ({ name, value: secrets.get(keyId)?.reveal() ?? '' }))
  for (const { name, value } of lines) requireFit(name, value, format)
  stdout.exact(renderEnvLines(lines, format, `fluxloop_${context.nonce()}${context.nonce()}`))
  return 0
}
