import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Milliseconds } from '../../model/duration.ts'
import type { Secret } from '../../model/secret.ts'
import { digest } from './digest.ts'
import { type Clipboard, desktopEnvironment } from './clipboard-programs.ts'

/** What the process that empties the clipboard reads from its standard input, as JSON. It never gets the secret. */
export interface ClearingOrder {
  readonly paste: Clipboard['paste']
  readonly clear: Clipboard['clear']
  /** Of the secret: what somebody copied since then stays. SHA-256 in hexadecimal digits. */
  readonly digest: string
  readonly after: Milliseconds
}

/**
 * Starts a process that empties the clipboard after a while, unless somebody copied something else meanwhile, and that outlives us
 * and our terminal. Resolves to whether it runs; never rejects.
 */
export async function clearLater(
  secret: Secret,
  { paste, clear }: Clipboard,
  {
    after,
    env,
    helper,
  }: {
    readonly after: Milliseconds
    readonly env: NodeJS.ProcessEnv
    /** Starts `clear-helper.ts`. */
    readonly helper: { readonly command: string; readonly args: readonly string[] }
  },
): Promise<boolean> {
  const child = spawn(helper.command, helper.args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: desktopEnvironment(env),
    detached: true,
    windowsHide: true,
  })
  child.stdin.on('error', () => undefined)
  const order: ClearingOrder = { paste, clear, digest: digest(secret.reveal()), after }
  try {
    await once(child, 'spawn')
    await new Promise<void>(resolve => child.stdin.end(JSON.stringify(order), resolve))
    child.unref()
    return true
  } catch {
    return false
  }
}
