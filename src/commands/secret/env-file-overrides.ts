import { dirname, join } from 'node:path'
import type { Context } from '../../context.ts'
import { Secret } from '../../model/secret.ts'
import { credentialVariables } from '../../platform/credentials.ts'
import { isFolder, realHome } from '../../runtime/project-file.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { valueInFile } from '../../stores/other-name.ts'

/** Where the platform's own client looks for variables: next to the nearest `.fluxloop` folder, and in it. */
async function filesOfClient(cwd: string): Promise<readonly string[]> {
  const home = realHome()
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder !== home && (await isFolder(join(folder, '.fluxloop'))))
      return [join(folder, '.env'), join(folder, '.fluxloop', '.env')]
    if (dirname(folder) === folder) return [join(cwd, '.env')]
  }
}

/**
 * Warns where a file would replace what a program gets here: the platform's own client lets its `.env` files override its
 * environment, and reads FLUXLOOP_SYNC_API_KEY first.
 */
export async function warnOfOverrides(env: NodeJS.ProcessEnv, { cwd, stderr }: Context): Promise<void> {
  const given = credentialVariables.flatMap(name => (env[name] === undefined ? [] : [new Secret(env[name])]))
  if (given.length === 0) return
  for (const path of await filesOfClient(cwd)) {
    for (const name of credentialVariables) {
      const value = valueInFile(path, name)
      if (value === null || given.some(secret => secret.equals(value))) continue
      stderr.print(
        `Warning: ${escapeControls(path)} sets ${name} to another value, and the platform's own client takes that in place of the key it gets here.`,
      )
    }
  }
}
