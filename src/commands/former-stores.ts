import { findFiles, shownPath } from '../config/find-files.ts'
import { findLostStores } from '../config/former-stores.ts'
import { readSource } from '../config/read-source.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { type FormerStore, type FormerStores, noFormerStores } from '../model/removal.ts'
import { isLocal } from '../stores/locality.ts'

type Lost = ReadonlyMap<string, readonly string[]>
type Found = ReturnType<typeof findLostStores>

function isComplete(lost: Lost, found: Found): boolean {
  return [...lost].every(([keyId, hashes]) => found.get(keyId)?.length === hashes.length)
}

async function withLocality(found: Found): Promise<FormerStores['found']> {
  const result = new Map<string, readonly FormerStore[]>()
  for (const [keyId, stores] of found) {
    const each = stores.map(async store => ({ ...store, local: await isLocal(store.spec) }))
    result.set(keyId, await Promise.all(each))
  }
  return result
}

/**
 * Finds out where the stores are that declarations lost (`lost`: their hashes, by key id): markers keep only a hash, and there
 * is no state file. Reads the configuration again, and its earlier versions in git only for what is not in there.
 */
export async function findFormerStores(
  desired: DesiredState,
  lost: Lost,
  paths: readonly string[],
  { cwd, fileHistory }: Pick<Context, 'cwd' | 'fileHistory'>,
): Promise<FormerStores> {
  if (lost.size === 0) return noFormerStores
  const { files } = await findFiles(paths, cwd)
  const present: { file: string; text: string; present: boolean }[] = []
  for (const file of files) {
    const read = await readSource(file, shownPath(file, cwd))
    if (read.ok) present.push({ file, text: read.source.text, present: true })
  }
  const known = findLostStores(desired, lost, present)
  if (isComplete(lost, known)) return { found: await withLocality(known), search: 'whole' }
  const { versions, reach } = await fileHistory(files)
  const texts = [...present, ...versions.map(version => ({ ...version, present: false }))]
  return { found: await withLocality(findLostStores(desired, lost, texts)), search: reach }
}
