import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoreSpec } from '../model/store.ts'
import { targetOfDrafts } from './drafts.ts'
import { withFileLock } from './file-lock.ts'
import { refuseLinkedOut } from './linked-out.ts'
import { sweepLockDrafts } from './lock-file.ts'

type FileSpec = Extract<StoreSpec, { kind: 'env-file' | 'age-file' }>

const none: readonly FileSpec[] = []

/** The store itself or the one behind it, where that is a file. */
function behind(spec: StoreSpec): readonly FileSpec[] {
  switch (spec.kind) {
    case 'env-file':
    case 'age-file':
      return [spec]
    case 'keychain':
      return spec.fallback === null ? none : behind(spec.fallback)
    case 'exec':
    case 'preset':
      return none
  }
}

/** The files that a store writes. */
export function filesOf(spec: StoreSpec): readonly string[] {
  return behind(spec).map(({ path }) => path)
}

async function sweepFolder(folder: string): Promise<void> {
  await sweepLockDrafts(folder)
  const names = await readdir(folder).catch(() => [])
  for (const target of names.flatMap(name => targetOfDrafts(name) ?? [])) {
    const path = join(folder, target)
    // Taking the lock removes the drafts. Where a writer is at work, or they cannot be removed, they stay for the next sweep.
    await withFileLock(path, () => Promise.resolve(), { patience: 0 }).catch(() => undefined)
  }
}

function isLedOut(spec: FileSpec): boolean {
  try {
    refuseLinkedOut(spec, [])
    return false
  } catch {
    return true
  }
}

/**
 * Takes away what killed writers left in the folders of these stores, whichever file it was for: the declaration may have lost
 * it since.
 */
export async function sweep(specs: readonly StoreSpec[]): Promise<void> {
  const folders = new Set<string>()
  for (const spec of specs.flatMap(behind)) {
    // What is outside of the repository is not this program's to tidy up.
    if (!isLedOut(spec)) folders.add(dirname(spec.path))
  }
  for (const folder of folders) await sweepFolder(folder)
}
