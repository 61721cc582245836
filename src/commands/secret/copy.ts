import type { Context } from '../../context.ts'
import { type Milliseconds, formatDuration, longestTimer, parseWait, second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { readSecrets } from './read.ts'

export interface SecretCopyOptions {
  readonly config: readonly string[]
  /** A key id of the configuration. */
  readonly key: string
  /** `45s`; null: that. */
  readonly clearAfter: string | null
}

const usual: Milliseconds = 45 * second

function clearAfterOf({ clearAfter }: SecretCopyOptions): Milliseconds {
  const after = clearAfter === null ? usual : parseWait(clearAfter)
  if (after !== null && after > 0 && after <= longestTimer) return after
  throw new Failure(
    'usage',
    `--clear-after takes a time such as 45s or 2m, 24 days at most, not \`${clearAfter ?? ''}\``,
  )
}

function noClipboard(tried: readonly string[]): Failure {
  if (tried.length > 0)
    return new Failure('failed', `Nothing was copied: ${tried.join(' and ')} failed`, {
      hints: ['Install wl-clipboard (Wayland), or xclip or xsel (X11), and run it in the desktop session.'],
    })
  return new Failure('failed', 'There is no clipboard here: this is no session of a desktop', {
    hints: ['`fluxloop-keys exec KEY -- COMMAND` runs a program with the secret, and `secret get` pipes it.'],
  })
}

/** Puts a delivered secret on the clipboard, which is emptied after a while. Asks the stores and nobody else. */
export async function runSecretCopy(options: SecretCopyOptions, context: Context): Promise<number> {
  const clearAfter = clearAfterOf(options)
  const secrets = await readSecrets([options.key], options.config, context)
  for (const secret of secrets.values()) {
    const copied = await context.copySecret(secret, clearAfter)
    if (!copied.ok) throw noClipboard(copied.tried)
    if (!copied.clears)
      throw new Failure(
        'failed',
        'The secret is in the clipboard, but nothing could be started to clear it',
        {
          hints: ['Copy something else over it when you have used it.'],
        },
      )
  }
  context.stdout.print(
    `The secret of ${options.key} is in the clipboard. It is cleared in ${formatDuration(clearAfter)}.`,
  )
  return 0
}
