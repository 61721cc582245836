import type { NotCopied } from '../../runtime/clipboard/copy-secret.ts'
import { whyNotCopied } from '../../runtime/clipboard/why-not-copied.ts'
import type { Context } from '../../context.ts'
import { type Milliseconds, formatDuration, longestTimer, parseWait, second } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { suggestUnit } from '../../model/suggest-unit.ts'
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
    { hints: suggestUnit(clearAfter ?? '', 's') },
  )
}

function noClipboard(copied: NotCopied): Failure {
  const why = whyNotCopied(copied)
  if (why !== null)
    return new Failure('failed', `Nothing was copied: ${why}`, {
      hints: [
        ...(copied.withheld.length > 0
          ? ["Set XDG_RUNTIME_DIR to your session's folder, such as /run/user/1000, which is in memory."]
          : []),
        ...(copied.tried.length > 0
          ? ['Install wl-clipboard (Wayland), or xclip or xsel (X11), and run it in the desktop session.']
          : []),
      ],
    })
  return new Failure('failed', 'There is no clipboard here: this is not a session of a desktop', {
    hints: ['`fluxloop-keys exec KEY -- COMMAND` runs a program with the secret, and `secret get` pipes it.'],
  })
}

/** Puts a delivered secret on the clipboard, which is emptied after a while. Asks the stores and nobody else. */
export async function runSecretCopy(options: SecretCopyOptions, context: Context): Promise<number> {
  const clearAfter = clearAfterOf(options)
  const secrets = await readSecrets([options.key], options.config, context)
  for (const secret of secrets.values()) {
    const copied = await context.copySecret(secret, clearAfter)
    if (!copied.ok) throw noClipboard(copied)
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
