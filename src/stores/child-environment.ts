import { Secret } from '../model/secret.ts'
import { callersVariables } from '../platform/credentials.ts'

const names = new Set(
  [
    ['HOME', 'PATH', 'USER', 'LOGNAME', 'LANG', 'DISPLAY', 'WAYLAND_DISPLAY', 'TMPDIR'],
    // Windows finds its libraries and the user's profile by these.
    [
      'SystemRoot',
      'windir',
      'USERPROFILE',
      'APPDATA',
      'LOCALAPPDATA',
      'ProgramData',
      'TEMP',
      'TMP',
      'PATHEXT',
    ],
  ].flatMap(group => group.map(name => name.toUpperCase())),
)

/**
 * What a child process of ours gets to see of the environment: enough to find its programs, the session bus and the user's
 * folders. Everything else stays out, above all our own credential and switches such as NODE_OPTIONS.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => {
    const upper = name.toUpperCase()
    return names.has(upper) || upper.startsWith('DBUS_') || upper.startsWith('XDG_')
  })
  return Object.fromEntries(kept)
}

/** What is shorter may stand in any value by chance. */
const shortestKey = 16

/**
 * Says of variables whether they are the caller's own key, or the one it signs with: by their name, or by holding, also encoded, what the key's variables
 * hold.
 */
export function holdsCallersKey(env: NodeJS.ProcessEnv): (name: string, value: string) => boolean {
  const variables = callersVariables(env)
  const own = new Set<string>(variables)
  const keys = variables
    .map(name => env[name]?.trim() ?? '')
    .filter(key => key.length >= shortestKey)
    .map(key => new Secret(key))
  return (name, value) => own.has(name) || keys.some(key => key.standsIn(value))
}

/**
 * The environment without the caller's own key: without its variables, and without every other one that holds what they hold,
 * also encoded. Our caller manages keys: whatever we start has no use for that.
 */
export function withoutCallersKey(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isCallersKey = holdsCallersKey(env)
  return Object.fromEntries(Object.entries(env).filter(([name, value = '']) => !isCallersKey(name, value)))
}

/** A folder in PATH may begin like a key, and is neither so long nor so random. */
const keyLook = /flux_(?:dev|stg|prod|ci|user)_(?:[a-z0-9]{16}|[a-z0-9_-]{24})/i

/**
 * What the program behind a store gets to see: everything but what is ours, and the switches of Node. Where it keeps its login,
 * its proxies and its plug-ins' settings nobody can list. The caller's key may be a login's and stand there too, so keys are
 * known by their look as well.
 */
export function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(withoutCallersKey(env)).filter(
    ([name, value = '']) =>
      !/^(FLUXLOOP_|NODE_OPTIONS$|NODE_DEBUG$|DEBUG$)/i.test(name) && !keyLook.test(value),
  )
  return Object.fromEntries(kept)
}
