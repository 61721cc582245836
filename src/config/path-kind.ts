import { lstat, stat } from 'node:fs/promises'

export type PathKind = 'file' | 'folder' | 'missing' | { readonly why: string }

/** Why a file or folder could not be read, in a word or two. */
export function whyUnread(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return code === 'EACCES' ? 'permission denied' : code
}

/** What `path` leads to. A link that leads nowhere is a file: whoever reads it reports that. */
export async function kindOf(path: string): Promise<PathKind> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { why: whyUnread(error) }
    return await lstat(path).then(
      () => 'file',
      () => 'missing',
    )
  }
}
