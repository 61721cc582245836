/**
 * The oldest version of each series of git that has every switch we rely on: `safe.bareRepository` came with 2.38.0, and
 * `GIT_NO_LAZY_FETCH` with 2.45.0 and the security releases of May 2024. Source: git's release notes.
 */
const patched: Readonly<Record<string, number>> = {
  '2.39': 4,
  '2.40': 2,
  '2.41': 1,
  '2.42': 2,
  '2.43': 4,
  '2.44': 1,
}

/** Does what `git version` prints name a git that can be kept from running what a repository names? */
export function isSafeGit(printed: string): boolean {
  const numbers = /^git version (\d+)\.(\d+)\.?(\d*)/.exec(printed)
  if (numbers === null) return false
  const [major = 0, minor = 0, patch = 0] = numbers.slice(1).map(Number)
  const least = patched[`${major}.${minor}`]
  if (least !== undefined) return patch >= least
  return major > 2 || (major === 2 && minor >= 45)
}
