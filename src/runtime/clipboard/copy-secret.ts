import { spawn } from 'node:child_process'
import { second } from '../../model/duration.ts'
import type { Secret } from '../../model/secret.ts'
import { apart } from '../../stores/process-group.ts'
import { memoryFolder } from './memory-folder.ts'
import { type Clipboard, type Invocation, clipboardsOf, desktopEnvironment } from './clipboard-programs.ts'

export interface NotCopied {
  readonly ok: false
  /** Programs that are missing or failed. */
  readonly tried: readonly string[]
  /** Programs that were not given the secret, since they might keep it in a file on a disk. */
  readonly withheld: readonly string[]
}

/** Where a text was copied to; a program that is missing or fails counts as none. */
export type Copied = { readonly ok: true; readonly clipboard: Clipboard } | NotCopied

/** A clipboard that nobody serves must not hold up the answer with the secret. */
const patience = 3 * second

/** Gives `secret` to one program. Resolves to whether the program says that it took it; never rejects. */
function give(secret: Secret, [command, ...args]: Invocation, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise(resolve => {
    // No pipe to read from: xclip and wl-copy stay behind to serve the clipboard, and would hold it open.
    const child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env,
      ...apart,
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
  {
    env,
    platform,
    sharedMemory,
  }: {
    readonly env: NodeJS.ProcessEnv
    readonly platform: NodeJS.Platform
    /** Another folder than the system's. */
    readonly sharedMemory?: string
  },
): Promise<Copied> {
  const tried: string[] = []
  const withheld: string[] = []
  for (const clipboard of clipboardsOf(platform, env)) {
    const { copy, keepsFile } = clipboard
    const folder = keepsFile ? await memoryFolder(env, sharedMemory) : null
    if (keepsFile && folder === null) {
      withheld.push(copy[0])
      continue
    }
    const seen = { ...desktopEnvironment(env), ...(folder === null ? {} : { TMPDIR: folder }) }
    if (await give(secret, copy, seen)) return { ok: true, clipboard }
    tried.push(copy[0])
  }
  return { ok: false, tried, withheld }
}
