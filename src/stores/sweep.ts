import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoreSpec } from '../model/store.ts'
import { targetOfDrafts } from './drafts.ts'
import { withFileLock } from './file-lock.ts'
import { sweepLockDrafts } from './lock-file.ts'

/** The files that a store writes. */
export function filesOf(spec: StoreSpec): readonly string[] {
  switch (spec.kind) {
    case 'env-file':
    case 'age-file':
      return [spec.path]
    case 'keychain':
      return spec.fallback === null ? [] : filesOf(spec.fallback)
    case 'exec':
    case 'preset':
      return []
  }
}

async function sweepFolder(folder: string): Promise<void> {
  await sweepLockDrafts(folder)
  const names = await readdir(folder).catch(() => [])
  for (const target of names.flatMap(name => targetOfDrafts(name) ?? [])) {
    const path = join(folder, target)
    // Taking the lock removes the drafts. Where a writer is at work, or they cannot be removed, they stay for the next sweep.
    await withFileLock(path, async () => undefined, { patience: 0 }).catch(() => undefined)
  }
}

/**
 * Takes away what killed writers left in the folders of these stores, whichever file it was for: the declaration may have lost
 * it since.
 */
export async function sweep(specs: readonly StoreSpec[]): Promise<void> {
  for (const folder of new Set(specs.flatMap(filesOf).map(path => dirname(path)))) await sweepFolder(folder)
}
