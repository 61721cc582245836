import { findFiles, shownPath } from '../config/find-files.ts'
import { formatYaml } from '../config/format-yaml.ts'
import type { Context } from '../context.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { plural } from '../model/plural.ts'
import { escapeControls } from '../render/text/escape.ts'
import { requireConfiguration } from './configuration.ts'
import { replaceFile, textOf } from './replace-file.ts'

export interface FormatOptions {
  readonly config: readonly string[]
  /** Write nothing. */
  readonly check: boolean
}

function formatted(path: string, text: string): string {
  const result = formatYaml(text)
  if (result === null)
    throw new Failure('failed', `${path} cannot be formatted without a change of its meaning`)
  return result
}

/** Writes the files of a valid configuration in one layout. With `check` 1 where a file is in another one. */
export async function runFormat({ config, check }: FormatOptions, context: Context): Promise<number> {
  const { cwd, stdout } = context
  await requireConfiguration(config, null, context)
  const { files } = await findFiles(config, cwd)
  let changed = 0
  for (const path of files) {
    const before = (await textOf(path)) ?? ''
    const after = formatted(path, before)
    if (after === before) continue
    changed += 1
    if (!check) await replaceFile(path, before, after)
    stdout.print(`${check ? 'Not formatted' : 'Formatted'}: ${escapeControls(shownPath(path, cwd))}`)
  }
  if (changed === 0) stdout.print(`Nothing to format in ${plural(files.length, 'file')}.`)
  return check && changed > 0 ? exitCodes.failed : 0
}
