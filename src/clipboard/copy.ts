import { spawn } from 'node:child_process'
import { second } from '../model/duration.ts'
import type { Secret } from '../model/secret.ts'
import { type Clipboard, type Invocation, clipboardsOf, desktopEnvironment } from './programs.ts'

/** Where a text was copied to; a program that is missing or fails counts as none. */
export type Copied =
  | { readonly ok: true; readonly clipboard: Clipboard }
  | { readonly ok: false; readonly tried: readonly string[] }

/** A clipboard that nobody serves must not hold up the answer with the secret. */
const patience = 3 * second

/** Gives `secret` to one program. Resolves to whether the program says that it took it; never rejects. */
function give(secret: Secret, [command, ...args]: Invocation, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise(resolve => {
    // No pipe to read from: xclip and wl-copy stay behind to serve the clipboard, and would hold it open.
    const child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: desktopEnvironment(env),
      windowsHide: true,
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), patience)
    child.once('error', () => {
      clearTimeout(timer)
      resolve(false)
    })
    child.once('exit', code => {
      clearTimeout(timer)
      resolve(code === 0)
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(secret.reveal())
  })
}

/** Copies a secret to the clipboard of this desktop, where there is one. */
export async function copySecret(
  secret: Secret,
  { env, platform }: { readonly env: NodeJS.ProcessEnv; readonly platform: NodeJS.Platform },
): Promise<Copied> {
  const fitting = clipboardsOf(platform, env)
  for (const clipboard of fitting) if (await give(secret, clipboard.copy, env)) return { ok: true, clipboard }
  return { ok: false, tried: fitting.map(({ copy: [command] }) => command) }
}
