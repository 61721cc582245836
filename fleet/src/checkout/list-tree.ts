import { Failure } from '../../../src/model/failure.ts'

/** A file of a commit. */
export interface TreeFile {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly object: string
  readonly size: number
  readonly isLink: boolean
}

export interface Tree {
  readonly files: readonly TreeFile[]
  /** Where other repositories are to be: they are not fetched. */
  readonly submodules: readonly string[]
}

function refused(why: string): Failure {
  return new Failure('refused', `The repository holds ${why}, so it is not checked out`, {
    hints: ['Nothing of it was used. Look at who wrote this commit.'],
  })
}

/** Names by which a file system may mean `.git`, as HFS+ and NTFS do, or something above. */
const unsafeName = /^(?:|\.|\.\.|git~\d+|\.git[ .]*(?::.*)?)$/i

function checkPath(path: string): void {
  const parts = path.split('/')
  // What is invisible on HFS+ may stand between the letters of `.git`.
  const isUnsafe = parts.some(part =>
    unsafeName.test(part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')),
  )
  if (isUnsafe || /[\\\p{Cc}]/u.test(path)) throw refused('a file with a name that leads elsewhere')
  if (parts.length > 100 || path.length > 2_000) throw refused('a file with a path that is too long')
}

/** Reads what `git ls-tree -r -z -l` prints. Throws a Failure where a name is not one that may be written. */
export function readTree(printed: Buffer): Tree {
  const files: TreeFile[] = []
  const submodules: string[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let start = 0; start < printed.length;) {
    const end = printed.indexOf(0, start)
    const tab = printed.indexOf(9, start)
    if (end < 0 || tab < 0 || tab > end) throw new Failure('failed', 'git printed a tree that cannot be read')
    const head = printed.toString('latin1', start, tab)
    let path: string
    try {
      path = decoder.decode(printed.subarray(tab + 1, end))
    } catch {
      throw refused('a file whose name is not UTF-8')
    }
    start = end + 1
    const [, mode = '', object = '', size = ''] = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)$/.exec(head) ?? []
    checkPath(path)
    if (mode === '160000') submodules.push(path)
    else files.push({ path, object, size: Number(size), isLink: mode === '120000' })
  }
  return { files, submodules }
}
