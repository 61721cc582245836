import { lstat, mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { errorCode, fileFailure } from './file-failure.ts'

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

/** Removes what former writers of `path` left. Only call it while holding the file's lock. */
export async function removeDrafts(path: string): Promise<void> {
  await rm(draftsOf(path), { recursive: true, force: true }).catch((error: unknown) => {
    throw fileFailure('remove', draftsOf(path), error)
  })
}

/**
 * Makes a folder for the draft of one holder of the lock (`nonce`), and resolves to the path of the draft in it. Nobody else
 * uses that path, so a rename from it can only ever move what this holder wrote.
 */
export async function makeDraftFolder(path: string, nonce: string): Promise<string> {
  const drafts = draftsOf(path)
  const own = join(drafts, nonce)
  await makeFolder(drafts)
  await writeFile(join(drafts, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting)
  await makeFolder(own)
  return join(own, basename(path))
}

/** Removes the draft of one holder, who may have lost the lock: what others have there is theirs. */
export async function removeDraftOf(path: string, nonce: string): Promise<void> {
  await rm(join(draftsOf(path), nonce), { recursive: true, force: true })
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, 0o700).catch(ignoreExisting)
  // A link that somebody put there would lead the draft elsewhere.
  if (!(await lstat(folder)).isDirectory()) throw notFolder(folder)
}

function notFolder(folder: string): Failure {
  return new Failure('failed', `${folder} is not a folder.`, { hints: ['Remove it, and run this again.'] })
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error
}
