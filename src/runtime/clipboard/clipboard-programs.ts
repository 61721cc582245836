import { childEnvironment } from '../../stores/child-environment.ts'
import { withAbsolutePath } from '../../stores/find-program.ts'

/** A program of a desktop, with its arguments. */
export type Invocation = readonly [string, ...string[]]

/** How one desktop's clipboard is written, read and emptied. What is copied is read from standard input, never from arguments. */
export interface Clipboard {
  readonly copy: Invocation
  readonly paste: Invocation
  /** Gets an empty standard input. */
  readonly clear: Invocation
  /** While it serves what is copied, it keeps that in a file: newer ones in TMPDIR. */
  readonly keepsFile: boolean
  readonly fits: (platform: NodeJS.Platform, env: NodeJS.ProcessEnv) => boolean
}

const isSet = (value: string | undefined) => value !== undefined && value !== ''

const windows: Omit<Clipboard, 'fits'> = {
  keepsFile: false,
  copy: ['clip.exe'],
  paste: ['powershell.exe', '-NoProfile', '-Command', 'Get-Clipboard -Raw'],
  clear: ['clip.exe'],
}

/** In the order in which they are tried. */
const clipboards: readonly Clipboard[] = [
  {
    copy: ['pbcopy'],
    paste: ['pbpaste'],
    clear: ['pbcopy'],
    keepsFile: false,
    fits: platform => platform === 'darwin',
  },
  { ...windows, fits: platform => platform === 'win32' },
  {
    copy: ['wl-copy'],
    paste: ['wl-paste', '--no-newline'],
    clear: ['wl-copy', '--clear'],
    keepsFile: true,
    fits: (_platform, env) => isSet(env['WAYLAND_DISPLAY']),
  },
  {
    copy: ['xclip', '-selection', 'clipboard'],
    paste: ['xclip', '-selection', 'clipboard', '-out'],
    clear: ['xclip', '-selection', 'clipboard'],
    keepsFile: false,
    fits: (_platform, env) => isSet(env['DISPLAY']),
  },
  {
    copy: ['xsel', '--clipboard', '--input'],
    paste: ['xsel', '--clipboard', '--output'],
    clear: ['xsel', '--clipboard', '--clear'],
    keepsFile: false,
    fits: (_platform, env) => isSet(env['DISPLAY']),
  },
  // Linux inside Windows has the clipboard of Windows.
  { ...windows, fits: (_platform, env) => isSet(env['WSL_DISTRO_NAME']) },
]

export function clipboardsOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly Clipboard[] {
  return clipboards.filter(({ fits }) => fits(platform, env))
}

/** What such a program gets to see. */
export function desktopEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { XAUTHORITY } = env
  return { ...withAbsolutePath(childEnvironment(env)), ...(isSet(XAUTHORITY) ? { XAUTHORITY } : {}) }
}
