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
