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

/** The path of a program as the system would find it; null where there is none. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const endings = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE').split(';') : ['']
  const folders =
    isAbsolute(name) || name.includes('/')
      ? ['']
      : (env['PATH'] ?? '').split(delimiter).filter(each => each !== '')
  for (const folder of folders) {
    for (const ending of endings) {
      const path = folder === '' ? `${name}${ending}` : join(folder, `${name}${ending}`)
      if (await isExecutable(path)) return path
    }
  }
  return null
}
