import { isAbsolute, join } from 'node:path'
import { homeFolder } from './home.ts'

/** Where the system keeps files that only save time: XDG on Linux, Library/Caches on macOS, LOCALAPPDATA on Windows. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME']
  // The XDG Base Directory Specification: a relative path counts as none.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'fluxloop-keys')
  if (process.platform === 'darwin') return join(homeFolder(), 'Library', 'Caches', 'fluxloop-keys')
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homeFolder(), 'AppData', 'Local'), 'fluxloop-keys')
  return join(homeFolder(), '.cache', 'fluxloop-keys')
}
