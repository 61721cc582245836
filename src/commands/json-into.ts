import type { Context } from '../context.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { failureJsonText } from '../render/text/failure-json.ts'
import { renderFailure } from '../render/text/failure-text.ts'
import { jsonText } from '../render/text/json.ts'
import { requireFreeFor, writePlanText } from './plan-store.ts'

/** The file of `--json-into`. */
export interface JsonFile {
  /** What it will hold: the document that `--json` prints. Made only where there is a file. */
  holds(document: () => object): void
}

/** Every document of ours begins with a version; that of apply has it inside its plan. */
const ours = { what: 'JSON of fluxloop-keys', mark: '"format_version": "' } as const

async function troubleOf(write: () => Promise<void>): Promise<Failure | null> {
  try {
    await write()
    return null
  } catch (cause) {
    if (cause instanceof Failure) return cause
    throw cause
  }
}

/**
 * Runs `work`, and writes the document that it named, or its failure, to a file; null: there is none. The file is empty while
 * the work goes on, so that nobody takes the document of an earlier run for that of one that was killed. Work that is done is
 * not undone by a document that cannot be written: then the exit code is 1, or what it was.
 */
export async function writingJsonInto(
  path: string | null,
  { detailedExitcode }: { readonly detailedExitcode: boolean },
  { cwd, stderr }: Pick<Context, 'cwd' | 'stderr'>,
  work: (file: JsonFile) => Promise<number>,
): Promise<number> {
  if (path === null) return await work({ holds: () => undefined })
  await requireFreeFor(ours, path, cwd)
  await writePlanText(path, '', cwd)
  const named: object[] = []
  const failed: unknown[] = []
  const failureText = (cause: unknown) =>
    failureJsonText(cause, cause instanceof Failure && !detailedExitcode ? cause.exitCode : exitCodes.failed)
  const code = await work({ holds: document => void named.push(document()) }).catch((cause: unknown) => {
    failed.push(cause)
    return exitCodes.failed
  })
  const [document] = named
  const text = document === undefined ? failureText(failed[0]) : jsonText(document)
  const trouble = await troubleOf(() => writePlanText(path, text, cwd))
  if (failed.length === 0 && code === 0 && trouble !== null) throw trouble
  if (trouble !== null) stderr.print(renderFailure(trouble, stderr))
  if (failed.length > 0) throw failed[0]
  return code
}
