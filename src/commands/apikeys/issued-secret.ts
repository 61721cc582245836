import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { Secret } from '../../model/secret.ts'
import { unplacedSecret } from '../../platform/platform-failure.ts'
import { secretBox } from '../../render/keys/box.ts'
import { jsonText } from '../../render/text/json.ts'
import { keyToJson } from '../../render/keys/key-json.ts'

/** The screen's box, which shows a secret the one time it can be seen. */
export function boxOf(secret: Secret, { stdout }: Context): string {
  return secretBox(secret.reveal(), stdout)
}

/** Which flags ask for the secret itself, wherever standard output goes. */
interface Asked {
  readonly json: boolean
  readonly quiet: boolean
}

/** May a secret be printed here? A terminal has a person before it; a pipe or a file may be a log that others read. */
export function mayPrint({ json, quiet }: Asked, { stdout }: Context): boolean {
  return stdout.isTerminal || json || quiet
}

/** Fails before there is a secret, where it could be shown to nobody, or would go where nobody asked for it. */
export function requireReader(asked: Asked, context: Context): void {
  if (context.stdout.leadsNowhere) {
    throw new Failure(
      'usage',
      'Nobody would receive the secret, which is shown only once: standard output is closed, or /dev/null',
      { hints: ['Send it through a pipe or into a file, or show it on a terminal.'] },
    )
  }
  if (mayPrint(asked, context)) return
  throw new Failure(
    'usage',
    'The secret would be printed, and standard output is not a terminal: it may be a log that others read',
    { hints: ['Add --quiet to print the secret alone, or --json to print it with the key.'] },
  )
}

/** The secret alone, on a line of its own. Rejects with a `Failure` where nobody takes it. */
export async function printSecret(secret: Secret, { stdout }: Context): Promise<void> {
  await stdout.printOnce(secret.reveal(), 'exactly')
}

/**
 * The key and its secret; `null` where the secret went into `stores` instead, which say where it is. Rejects with a `Failure`
 * where nobody takes the secret.
 */
export async function printIssuedJson(
  live: LiveKey,
  secret: Secret | null,
  stores: readonly string[],
  { stdout, now }: Context,
): Promise<void> {
  const key = secret === null ? null : secret.reveal()
  const text = jsonText({ format_version: '1.0', api_key: keyToJson(live, now()), key, stores })
  if (key === null) stdout.print(text)
  else await stdout.printOnce(text)
}

/**
 * Shows a secret whose key is not known, in the form that was asked for, where a failure holds one. Resolves to the
 * failure to report.
 */
export async function showUnplaced(cause: unknown, asked: Asked, context: Context): Promise<unknown> {
  const unplaced = unplacedSecret(cause)
  if (unplaced === null || !(cause instanceof Failure)) return cause
  const { secret } = unplaced
  const { stdout } = context
  if (!mayPrint(asked, context)) return cause
  if (asked.quiet) await printSecret(secret, context)
  else if (asked.json) {
    await stdout.printOnce(
      jsonText({ format_version: '1.0', api_key: null, key: secret.reveal(), stores: [] }),
    )
  } else await stdout.printOnce(boxOf(secret, context))
  const { code, message, hints } = cause
  const where = 'The secret that the answer held was printed: find its key in the web platform by its end.'
  return new Failure(code, message, { hints: [where, ...hints], cause })
}
