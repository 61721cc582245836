import type { Context } from '../../context.ts'
import { requireReveal } from './output.ts'
import { readSecrets } from './read.ts'

export interface SecretGetOptions {
  readonly config: readonly string[]
  /** A key id of the configuration. */
  readonly key: string
  readonly reveal: boolean
}

/**
 * Prints a delivered secret: to a pipe or file exactly as it is, to a terminal only with `--reveal`, and then on a line of its
 * own. Asks the stores and nobody else.
 */
export async function runSecretGet(options: SecretGetOptions, context: Context): Promise<number> {
  const { stdout } = context
  requireReveal(options.reveal, context)
  const secrets = await readSecrets([options.key], options.config, context)
  for (const secret of secrets.values()) {
    stdout.exact(stdout.isTerminal ? `${secret.reveal()}\n` : secret.reveal())
  }
  return 0
}
