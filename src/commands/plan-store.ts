import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Failure } from '../model/failure.ts'
import { planFileFormat } from '../plan/plan-file.ts'
import { errorCode, fileFailure } from '../stores/file-failure.ts'
import { withFileLock } from '../stores/file-lock.ts'
import { writeFileDurably } from '../stores/write-file.ts'

/** A plan of ten thousand keys takes a tenth of that. */
const largest = 256 * 1024 * 1024

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The text of a file in `cwd`; null where there is none. */
async function textOf(path: string): Promise<string | null> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw new Failure('usage', `${path} is not a regular file`)
    if (stats.size > largest) throw new Failure('usage', `${path} is too large for a plan file`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileFailure('read', path, error)
  }
}

/** Throws a `Failure` where there is no such file, or it cannot be read. */
export async function readPlanText(file: string, cwd: string): Promise<string> {
  const text = await textOf(resolve(cwd, file))
  if (text !== null) return text
  throw new Failure('usage', `There is no plan file ${file}`, {
    hints: ['Write one with plan --out FILE. apply with no file plans anew.'],
  })
}

/** Throws a `Failure` where the file is there and is not `what`: a slip of the hand must not cost a configuration. */
export async function requireFreeFor(
  { what, mark }: { readonly what: string; readonly mark: string },
  file: string,
  cwd: string,
): Promise<void> {
  const before = await textOf(resolve(cwd, file))
  if (before === null || before === '' || before.slice(0, 100).includes(mark)) return
  throw new Failure('usage', `${file} exists and is not ${what}, so it is not overwritten`, {
    hints: ['Name another file, or remove this one.'],
  })
}

/** The same for a plan file. */
export async function requireFreeForPlan(file: string, cwd: string): Promise<void> {
  await requireFreeFor({ what: 'a plan file', mark: `"format": "${planFileFormat}"` }, file, cwd)
}

/** Replaces the file as a whole: a reader sees the old plan or the new one. */
export async function writePlanText(file: string, text: string, cwd: string): Promise<void> {
  const path = resolve(cwd, file)
  try {
    await stat(dirname(path))
  } catch (error) {
    throw fileFailure('write', path, error)
  }
  await withFileLock(path, file => writeFileDurably(file, Buffer.from(text)))
}
