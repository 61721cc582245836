import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure } from './file-failure.ts'

/** In the folder. */
const ignoring = '.gitignore'
const ending = '.fluxloop-keys.tmp'

/**
 * Where the next content of `path` is written before it takes its place: in a folder of its own next to it. `git add` takes
 * nothing of what a killed writer leaves there, whatever .gitignore says.
 */
function draftsOf(path: string): string {
  return join(dirname(path), `.${basename(path)}${ending}`)
}

/** The file whose drafts are in a folder of this name; null where it is not such a folder. */
export function targetOfDrafts(name: string): string | null {
  return name.startsWith('.') && name.endsWith(ending) ? name.slice(1, -ending.length) : null
}

/**
 * Removes what former writers of `path` left, last of it what keeps git from the others. Only call it while holding the file's lock. A folder
 * without a draft is what nearly each delivery leaves, and the library alone takes three times as long for it.
 */
export function removeDrafts(path: string): void {
  const drafts = draftsOf(path)
  try {
    const stats = lstatSync(drafts, { throwIfNoEntry: false })
    if (stats === undefined) return
    if (stats.isDirectory()) {
      for (const name of readdirSync(drafts)) if (name !== ignoring) removeAll(join(drafts, name))
      removeAll(join(drafts, ignoring))
    }
    removeAll(drafts)
  } catch (error) {
    throw fileFailure('remove', drafts, error)
  }
}

function removeAll(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/**
 * Makes the folder, and answers with the path in it for the draft of one holder of the lock (`nonce`). Nobody else uses that path, so a
 * rename from it can only ever move what this holder wrote.
 */
export function placeOfDraft(path: string, nonce: string): string {
  const drafts = draftsOf(path)
  makeFolder(drafts)
  unlessThere(() => writeFileSync(join(drafts, ignoring), '*\n', { flag: 'wx' }))
  return join(drafts, nonce)
}

/** Removes the draft of one holder, who may have lost the lock: what others have there is theirs. */
export function removeDraftOf(path: string, nonce: string): void {
  rmSync(join(draftsOf(path), nonce), { force: true })
}

function makeFolder(folder: string): void {
  unlessThere(() => mkdirSync(folder, 0o700))
  // A link that somebody put there would lead the draft elsewhere.
  if (!lstatSync(folder).isDirectory()) throw notFolder(folder)
}

function notFolder(folder: string): Failure {
  return new Failure('failed', `${folder} is not a folder.`, { hints: ['Remove it, and run this again.'] })
}

function unlessThere(make: () => void): void {
  try {
    make()
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}
