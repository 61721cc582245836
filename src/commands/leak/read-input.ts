import { resolve } from 'node:path'
import type { Context } from '../../context.ts'
import { readBounded } from '../../files/bounded-file.ts'
import { Failure } from '../../model/failure.ts'
import { fileFailure } from '../../stores/file-failure.ts'

/** As large as a report may be. */
const largest = 16 * 1024 * 1024

/** The text that may hold secrets: of a file, or of standard input. */
export async function readInput(
  { file, stdin }: { readonly file: string | null; readonly stdin: boolean },
  { cwd, readInput: readStdin }: Pick<Context, 'cwd' | 'readInput'>,
): Promise<string> {
  if ((file === null) !== stdin)
    throw new Failure('usage', 'leak takes a file, or --stdin', {
      hints: ['A secret never stands on the command line, where other users and histories see it.'],
    })
  if (file === null) return await readStdin(largest)
  const path = resolve(cwd, file)
  const read = await readBounded(path, largest).catch((error: unknown) => {
    throw fileFailure('read', path, error)
  })
  if (read.ok) return read.bytes.toString('utf8')
  throw new Failure(
    'usage',
    read.why === 'too-large' ? `${file} is larger than 16 MB` : `${file} is not a regular file`,
  )
}
