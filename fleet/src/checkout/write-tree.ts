import { type FileHandle, lstat, mkdir, open, realpath, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { boundaryOf } from '../../../src/files/boundary.ts'
import { Failure } from '../../../src/model/failure.ts'
import { blobReader } from './blob-reader.ts'
import type { TreeFile } from './list-tree.ts'

/** Far above any path that a link leads to. */
const longestTarget = 4_096

export interface TreeWriter {
  /** In the order of `order`, as `git cat-file --batch` prints them. */
  readonly take: (chunk: Buffer) => Promise<void>
  /** Throws a Failure where not all of it came, or a link leads out of the folder. */
  readonly finish: () => Promise<void>
  /** Closes what is open, whatever happened. */
  readonly close: () => Promise<void>
}

/** The order in which contents are to be given: links last, so that nothing is ever written through one. */
export function order(files: readonly TreeFile[]): readonly TreeFile[] {
  return [...files.filter(({ isLink }) => !isLink), ...files.filter(({ isLink }) => isLink)]
}

function cannotWrite(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new Failure('failed', `"${path}" of the repository cannot be written (${code})`, {
    hints:
      code === 'EEXIST'
        ? ['Two names differ only by their case, which this file system does not tell apart.']
        : [],
  })
}

function leadsOut(path: string, why: string): Failure {
  return new Failure('refused', `The link "${path}" in the repository ${why}, so it is not checked out`, {
    hints: ['Put the file itself there, or remove the link.'],
  })
}

/** Writes the files of a commit below an empty folder, byte for byte: no attribute converts them, no filter runs, and none may be run. */
export function treeWriter(folder: string, files: readonly TreeFile[]): TreeWriter {
  const queue = order(files)
  const made = new Set<string>()
  let next = 0
  let open_: FileHandle | null = null
  let target = Buffer.alloc(0)
  const current = () => queue[next]

  async function begin(size: number): Promise<void> {
    const file = current()
    if (file?.size !== size) throw new Failure('failed', 'git printed another object than it was asked for')
    if (file.isLink) {
      if (size > longestTarget) throw leadsOut(file.path, 'has a target that is too long')
      target = Buffer.alloc(0)
    }
    try {
      const parent = dirname(join(folder, file.path))
      if (!made.has(parent)) await mkdir(parent, { recursive: true, mode: 0o755 })
      made.add(parent)
      // It fails where there is anything at this place, a link too.
      if (!file.isLink) open_ = await open(join(folder, file.path), 'wx', 0o644)
    } catch (error) {
      throw cannotWrite(file.path, error)
    }
  }

  async function write(piece: Buffer): Promise<void> {
    if (open_ === null) target = Buffer.concat([target, piece])
    else await open_.writeFile(piece)
  }

  async function end(): Promise<void> {
    const file = current()
    next += 1
    await open_?.close()
    open_ = null
    if (file?.isLink !== true) return
    const to = target.toString('utf8')
    if (isAbsolute(to) || to.includes('\\')) throw leadsOut(file.path, 'has an absolute target')
    await symlink(to, join(folder, file.path)).catch((error: unknown) => {
      throw cannotWrite(file.path, error)
    })
  }

  return {
    take: blobReader({ begin, write, end }),
    finish: async () => {
      if (next < queue.length) throw new Failure('failed', 'git did not print all files of the repository')
      await requireInside(folder, queue)
    },
    close: async () => {
      await open_?.close()
    },
  }
}

/** Only once all of them are there can be told where they lead, through each other. */
async function requireInside(folder: string, files: readonly TreeFile[]): Promise<void> {
  const boundary = boundaryOf([await realpath(folder)])
  for (const { path, isLink } of files) {
    if (!isLink) continue
    const link = join(folder, path)
    const real = await realpath(link).catch(() => null)
    if (real === null) throw leadsOut(path, 'leads nowhere')
    if (!boundary.contains(real)) throw leadsOut(path, 'leads out of it')
  }
}

/** Is there a folder, and no link, at a path below another? */
export async function isFolderBelow(folder: string, path: string): Promise<boolean> {
  let at = folder
  for (const part of path.split('/')) {
    at = join(at, part)
    const stats = await lstat(at).catch(() => null)
    if (stats?.isDirectory() !== true) return false
  }
  return true
}
