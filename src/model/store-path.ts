/**
 * Is this the name of an env file? Other files, such as `~/.bashrc`, are read by programs that would make something else of
 * what is written there.
 */
export function hasEnvFileName(path: string): boolean {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  return /^(\.env(\..+)?|.+\.env)$/.test(name)
}

/** Did the user name this very path with `--allow-path`? All paths are absolute. */
export function isAllowedPath(path: string, allowed: readonly string[]): boolean {
  return allowed.includes(path)
}
