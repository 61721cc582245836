import type { Dirent, readdir as readdirOfNode } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { kindOf, whyUnread } from './path-kind.ts'

/** Loaded only for folders and patterns: with one file, which is the usual case, it would take longer than the rest. */
const loadGlobs = () => import('tinyglobby')

/** A folder that a search came to and did not look into. */
export interface Unseen {
  readonly path: string
  readonly message: string
  readonly hint: string
}

export interface Search {
  readonly files: readonly string[]
  readonly unseen: readonly Unseen[]
}

/** What tinyglobby asks an entry of a folder. */
interface Entry {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** Why a link does not count as a file, where it does not. */
function refusalOf(link: string): Omit<Unseen, 'path'> | null {
  const kind = kindOf(link)
  if (kind === 'file') return null
  if (typeof kind === 'object')
    return { message: `The link cannot be followed: ${kind.why}`, hint: 'Mend it, or take it out.' }
  const hint = 'Put the folder itself here, or name it with -c, and the files here by a pattern.'
  return { message: 'This is a link to a folder, and those are not followed', hint }
}

/**
 * Lists folders for tinyglobby, which leaves out links and what it cannot read without a word: a configuration that misses
 * a part would have the keys of that part revoked. Links to files are files here; links to folders are not followed, so
 * that no folder holds itself, and go to `unseen` where the search would go on in them.
 */
function listing(unseen: Unseen[]) {
  const refused = new Map<string, Omit<Unseen, 'path'>>()
  return async (folder: string): Promise<readonly Entry[]> => {
    const path = resolve(folder)
    const refusal = refused.get(path)
    if (refusal !== undefined) {
      unseen.push({ path, ...refusal })
      return []
    }
    const entryOf = (entry: Dirent): Entry => {
      const link = join(path, entry.name)
      const why = entry.isSymbolicLink() ? refusalOf(link) : null
      if (why !== null) refused.set(link, why)
      const isFolder = entry.isDirectory() || why !== null
      const { name } = entry
      return { name, isFile: () => !isFolder, isDirectory: () => isFolder, isSymbolicLink: () => false }
    }
    try {
      return (await readdir(path, { withFileTypes: true })).map(entryOf)
    } catch (error) {
      const message = `The folder cannot be read: ${whyUnread(error)}`
      unseen.push({ path, message, hint: 'Check its owner and mode.' })
      return []
    }
  }
}

async function search(patterns: readonly string[], cwd: string): Promise<Search> {
  const { glob } = await loadGlobs()
  const unseen: Unseen[] = []
  const list = listing(unseen)
  const readdir = (folder: string, _: unknown, done: (error: null, entries: readonly Entry[]) => void) =>
    void list(folder).then(entries => done(null, entries))
  const files = await glob(patterns, {
    cwd,
    absolute: true,
    followSymbolicLinks: false,
    fs: { readdir: readdir as unknown as typeof readdirOfNode },
  })
  return { files: files.map(file => resolve(file)), unseen }
}

/** Hidden files are editors' and tools' own. */
export function yamlFilesBelow(folder: string): Promise<Search> {
  return search(['**/*.yaml', '**/*.yml'], folder)
}

/** The files that a pattern names; null where it is not a pattern. */
export async function filesLike(pattern: string, cwd: string): Promise<Search | null> {
  const { escapePath, isDynamicPattern } = await loadGlobs()
  if (!isDynamicPattern(pattern)) return null
  return search([isAbsolute(pattern) ? pattern : `${escapePath(cwd)}/${pattern}`], cwd)
}
