import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoreSpec } from '../model/store.ts'
import { withFileLock } from './file-lock.ts'
import { removeDraft, targetOfDraft } from './write-file.ts'

/** The folders of the files that a store writes. */
function foldersOf(spec: StoreSpec): readonly string[] {
  switch (spec.kind) {
    case 'env-file':
    case 'age-file':
      return [dirname(spec.path)]
    case 'keychain':
      return spec.fallback === null ? [] : foldersOf(spec.fallback)
    case 'exec':
    case 'preset':
      return []
  }
}

async function sweepFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const target of names.flatMap(name => targetOfDraft(name) ?? [])) {
    const path = join(folder, target)
    // A writer at work has the lock, and needs what is there. What cannot be removed stays for the next sweep.
    await withFileLock(path, () => removeDraft(path), 0).catch(() => undefined)
  }
}

/**
 * Takes away what killed writers left in the folders of these stores, whichever file it was for: the declaration may have lost
 * it since.
 */
export async function sweep(specs: readonly StoreSpec[]): Promise<void> {
  for (const folder of new Set(specs.flatMap(foldersOf))) await sweepFolder(folder)
}
