import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { StackLock } from '../../runtime/open-stack-lock.ts'

export interface Runs {
  /** Did a run of this machine end since the last call? Costs no request. */
  ended(): Promise<boolean>
  close(): void
}

/** Some runs take less time than there is between two looks, so the file system reports them; where it cannot, looks have to do. */
function watched(folder: string, onChange: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => onChange(name))
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    // Nothing was ever locked here.
    return null
  }
}

/** Every run that writes has the lock of its stack: it comes and goes with the run. */
export function watchRuns(locks: readonly StackLock[]): Runs {
  const names = new Set(locks.map(({ path }) => basename(path)))
  const folders = [...new Set(locks.map(({ path }) => dirname(path)))]
  let touched = false
  const onChange = (name: string | null) => {
    touched ||= name === null || names.has(name)
  }
  const watchers = folders.map(folder => watched(folder, onChange))
  return {
    async ended() {
      const states = await Promise.all(locks.map(lock => lock.look().catch(() => null)))
      const isHeld = states.some(state => state?.kind === 'held')
      touched ||= isHeld
      if (!touched || isHeld) return false
      touched = false
      return true
    },
    close() {
      for (const watcher of watchers) watcher?.close()
    },
  }
}
