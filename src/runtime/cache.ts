import { randomBytes } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isForeign, readBounded } from '../files/bounded-file.ts'
import { cacheFolder } from '../files/cache-folder.ts'
import { ensureFolder } from '../stores/write-file.ts'

/** Ten looks at the use of ten thousand keys take about as much. What is larger is none of ours. */
const largest = 128 * 1024 * 1024

/** Small files that only save time: whatever goes wrong with them is as if they were not there. Never a secret. */
export interface Cache {
  /** Null where there is none. */
  read(name: string): Promise<string | null>
  /** Is it there now? */
  write(name: string, text: string): Promise<boolean>
}

export function openCache(env: NodeJS.ProcessEnv): Cache {
  const folder = cacheFolder(env)
  return {
    async read(name) {
      const file = await readBounded(join(folder, name), largest).catch(() => null)
      return file?.ok === true && !isForeign(file.stats) ? file.bytes.toString('utf8') : null
    },
    async write(name, text) {
      if (text.length > largest) return false
      const temporary = join(folder, `.${name}.${randomBytes(4).toString('hex')}`)
      try {
        await ensureFolder(folder)
        const file = await open(temporary, 'wx', 0o600)
        try {
          await file.writeFile(text)
        } finally {
          await file.close()
        }
        await rename(temporary, join(folder, name))
        return true
      } catch {
        await unlink(temporary).catch(() => undefined)
        return false
      }
    },
  }
}
