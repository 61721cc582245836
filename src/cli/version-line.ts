/** One line, as scripts read it. */
export function versionLine(version: string): string {
  return `fluxloop-keys, ${version}`
}
