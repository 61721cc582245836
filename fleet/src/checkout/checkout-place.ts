import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../src/model/failure.ts'
import { shellWord } from '../../../src/model/shell-word.ts'

/** Where the checkouts of one stack lie: its repository, and the files of one commit, complete or not there. */
export interface CheckoutPlace {
  readonly folder: string
  readonly repository: string
  /** An empty folder. */
  readonly home: string
}

/** The name of a stack as that of a folder: no two have the same, on any file system. */
export function placeName(stack: string): string {
  return createHash('sha256').update(stack).digest('hex').slice(0, 32)
}

/** Makes the folder of all checkouts. Throws a Failure where another user may change what is in it. */
export async function requireOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const stats = await lstat(folder)
  const own = process.getuid?.()
  if (stats.isDirectory() && (own === undefined || (stats.uid === own && (stats.mode & 0o022) === 0))) return
  throw new Failure('refused', `${folder} may be changed by other users, so nothing is checked out there`, {
    hints: [`Run \`chmod 700 ${shellWord(folder)}\`, or name another folder.`],
  })
}

async function recreate(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
}

/** The place of a stack. What is there of another repository is removed, and so is what a killed run left. Only call it while holding its lock. */
export async function openPlace(root: string, stack: string, url: string): Promise<CheckoutPlace> {
  const folder = join(root, placeName(stack))
  const note = join(folder, 'url')
  const before = await readFile(note, 'utf8').catch(() => null)
  if (before !== url) {
    await recreate(folder)
    await writeFile(note, url, { mode: 0o600 })
  }
  for (const name of await readdir(folder)) {
    if (name.startsWith('draft-')) await rm(join(folder, name), { recursive: true, force: true })
  }
  const home = join(folder, 'home')
  await recreate(home)
  return { folder, repository: join(folder, 'repository.git'), home }
}

export function treeOf({ folder }: CheckoutPlace, commit: string): string {
  return join(folder, `tree-${commit}`)
}

/** Lets `write` fill a folder, and puts it in its place once it is complete; the trees of other commits are removed. */
export async function placeTree(
  place: CheckoutPlace,
  commit: string,
  write: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = join(place.folder, `draft-${randomBytes(8).toString('hex')}`)
  await mkdir(draft, { mode: 0o700 })
  try {
    await write(draft)
    await rename(draft, treeOf(place, commit))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
  for (const name of await readdir(place.folder)) {
    if (name.startsWith('tree-') && name !== `tree-${commit}`)
      await rm(join(place.folder, name), { recursive: true, force: true })
  }
}

/** Removes what is there of stacks that are not in the fleet any more. */
export async function sweepCheckouts(root: string, stacks: Iterable<string>): Promise<void> {
  const known = new Set([...stacks].map(placeName))
  for (const name of await readdir(root).catch(() => [])) {
    if (/^[0-9a-f]{32}$/.test(name) && !known.has(name))
      await rm(join(root, name), { recursive: true, force: true })
  }
}
