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

/**
 * What the program behind a store gets to see: everything but what is ours, and the switches of Node. Where it keeps its login,
 * its proxies and its plug-ins' settings nobody can list. Our credential may stand there under any name, so keys are known by
 * their look, too.
 */
export function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name, value = '']) =>
      !/^(FLUXLOOP_|NODE_OPTIONS$|NODE_DEBUG$|DEBUG$)/i.test(name) &&
      !/flux_(dev|stg|prod|ci|user)_/i.test(value),
  )
  return Object.fromEntries(kept)
}
