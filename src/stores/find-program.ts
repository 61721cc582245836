import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function foldersOf({ PATH = '' }: NodeJS.ProcessEnv): readonly string[] {
  return PATH.split(delimiter).filter(isAbsolute)
}

/** What a program that we start, and a shell around it, may find further programs by. */
export function withAbsolutePath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env['PATH'] === undefined ? env : { ...env, PATH: foldersOf(env).join(delimiter) }
}

/** The path of a program as the system would find it, but for relative folders in PATH, which may be a repository's; null where there is none. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const endings = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE').split(';') : ['']
  const folders = isAbsolute(name) || name.includes('/') ? [''] : foldersOf(env)
  for (const folder of folders) {
    for (const ending of endings) {
      const path = folder === '' ? `${name}${ending}` : join(folder, `${name}${ending}`)
      if (await isExecutable(path)) return path
    }
  }
  return null
}
