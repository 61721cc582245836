import { statSync } from 'node:fs'
import { statsOf } from '../files/boundary.ts'

export type PathKind = 'file' | 'folder' | 'missing' | { readonly why: string }

/** Why a file or folder could not be read, in a word or two. */
export function whyUnread(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return code === 'EACCES' ? 'permission denied' : code
}

/** What `path` leads to. A link that leads nowhere is a file: whoever reads it reports that. */
export function kindOf(path: string): PathKind {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { why: whyUnread(error) }
    return statsOf(path) === null ? 'missing' : 'file'
  }
}
