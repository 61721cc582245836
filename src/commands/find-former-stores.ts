import { findFiles, shownPath } from '../config/find-files.ts'
import { type Text, findLostStores } from '../config/former-stores.ts'
import { readSource } from '../config/read-source.ts'
import type { DesiredState } from '../model/desired.ts'
import type { FormerStores } from '../model/removal.ts'
import { isLocal } from '../stores/locality.ts'

/**
 * Finds out where the stores are that declarations lost (`lost`: their hashes, by key id): markers keep only a hash, and there
 * is not a state file. Only the present configuration is looked at: what an earlier one named was not reviewed for this run.
 */
export async function findFormerStores(
  desired: DesiredState,
  lost: ReadonlyMap<string, readonly string[]>,
  paths: readonly string[],
  cwd: string,
): Promise<FormerStores> {
  if (lost.size === 0) return new Map()
  const { files } = await findFiles(paths, cwd)
  const texts: Text[] = []
  for (const file of files) {
    const read = await readSource(file, shownPath(file, cwd))
    if (read.ok) texts.push({ file, text: read.source.text })
  }
  const found = await findLostStores(desired, lost, texts)
  return new Map(
    [...found].map(([keyId, stores]) => [
      keyId,
      stores.map(store => ({ ...store, local: isLocal(store.spec) })),
    ]),
  )
}
