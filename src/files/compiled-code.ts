import { type Stats, mkdirSync, statSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'

/** Since Node 22. */
type KeepsCode = Partial<Record<'enableCompileCache', (folder: string) => unknown>>

/** Could anybody else have put something there, or would it be in a place of theirs? What lies there is run. */
function isOurs({ uid, mode }: Stats): boolean {
  const own = process.getuid?.()
  return own === undefined || (uid === own && (mode & 0o022) === 0)
}

function nearest(folder: string): Stats {
  const stats = statSync(folder, { throwIfNoEntry: false })
  return stats ?? nearest(dirname(folder))
}

/**
 * Has Node keep what it compiles of the program for the next start, in a folder that this user alone can write to; where there is
 * none, nothing is kept, and nothing is said.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = module as KeepsCode
  if (enableCompileCache === undefined) return
  try {
    const folder = join(cacheFolder(env), 'compiled')
    if (!isOurs(nearest(folder))) return
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    enableCompileCache(folder)
  } catch {
    // It only saves time.
  }
}
