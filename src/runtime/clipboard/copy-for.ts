import type { Milliseconds } from '../../model/duration.ts'
import type { Secret } from '../../model/secret.ts'
import { clearLater } from './clear-later.ts'
import { type NotCopied, copySecret } from './copy-secret.ts'

export type CopiedFor =
  { readonly ok: true; /** Whether it will be emptied as asked. */ readonly clears: boolean } | NotCopied

/** Copies a secret to the clipboard, and has it emptied after a while where one is given. */
export async function copyFor(
  secret: Secret,
  {
    clearAfter,
    env,
    platform,
    helper,
  }: {
    readonly clearAfter: Milliseconds | null
    readonly env: NodeJS.ProcessEnv
    readonly platform: NodeJS.Platform
    readonly helper: { readonly command: string; readonly args: readonly string[] }
  },
): Promise<CopiedFor> {
  const copied = await copySecret(secret, { env, platform })
  if (!copied.ok) return copied
  if (clearAfter === null) return { ok: true, clears: false }
  return { ok: true, clears: await clearLater(secret, copied.clipboard, { after: clearAfter, env, helper }) }
}
