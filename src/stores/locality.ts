import { dirname } from 'node:path'
import type { StoreSpec } from '../model/store.ts'
import { presetOf } from '../model/preset.ts'
import { trackedUnder } from './git-tracked.ts'

const known = new Map<string, Promise<ReadonlySet<string>>>()

/**
 * Does this store belong to one person's machine? Keychain and env file always do; an age file is shared where git tracks
 * it; a program is what its declaration, or its row among the presets, says. Git is asked once for each folder.
 */
export async function isLocal(spec: StoreSpec): Promise<boolean> {
  if (spec.kind === 'exec') return spec.local
  if (spec.kind === 'preset') return presetOf(spec.preset).local
  if (spec.kind !== 'age-file') return true
  const folder = dirname(spec.path)
  let tracked = known.get(folder)
  if (tracked === undefined) {
    tracked = trackedUnder(folder, process.env)
    known.set(folder, tracked)
  }
  return !(await tracked).has(spec.path)
}
