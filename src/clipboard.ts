import { spawn } from 'node:child_process'
import { second } from './model/duration.ts'
import type { Secret } from './model/secret.ts'
import { childEnvironment } from './stores/child-environment.ts'

/** Where a text was copied to; a program that is missing or fails counts as none. */
export type Copied = { readonly ok: true } | { readonly ok: false; readonly tried: readonly string[] }

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly fits: (platform: NodeJS.Platform, env: NodeJS.ProcessEnv) => boolean
}

const isSet = (value: string | undefined) => value !== undefined && value !== ''

/** In the order in which they are tried; each reads what it copies from its standard input, and nothing from its arguments. */
const programs: readonly Program[] = [
  { command: 'pbcopy', args: [], fits: platform => platform === 'darwin' },
  { command: 'clip.exe', args: [], fits: platform => platform === 'win32' },
  { command: 'wl-copy', args: [], fits: (_platform, env) => isSet(env['WAYLAND_DISPLAY']) },
  { command: 'xclip', args: ['-selection', 'clipboard'], fits: (_platform, env) => isSet(env['DISPLAY']) },
  { command: 'xsel', args: ['--clipboard', '--input'], fits: (_platform, env) => isSet(env['DISPLAY']) },
  // Linux inside Windows has the clipboard of Windows.
  { command: 'clip.exe', args: [], fits: (_platform, env) => isSet(env['WSL_DISTRO_NAME']) },
]

/** A clipboard that nobody serves must not hold up the answer with the secret. */
const patience = 3 * second

/** Gives `secret` to one program. Resolves to whether the program says that it took it; never rejects. */
function give(secret: Secret, { command, args }: Program, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise(resolve => {
    // No pipe to read from: xclip and wl-copy stay behind to serve the clipboard, and would hold it open.
    const child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        ...childEnvironment(env),
        ...(isSet(env['XAUTHORITY']) ? { XAUTHORITY: env['XAUTHORITY'] } : {}),
      },
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
  const fitting = programs.filter(({ fits }) => fits(platform, env))
  for (const program of fitting) if (await give(secret, program, env)) return { ok: true }
  return { ok: false, tried: fitting.map(({ command }) => command) }
}
