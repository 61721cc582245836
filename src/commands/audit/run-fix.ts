import { lstat, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { AuditFacts } from '../../audit/audit-facts.ts'
import { proposeFixes } from '../../audit/propose-fixes.ts'
import { findFiles } from '../../config/find-files.ts'
import { defaultExpiryOf } from '../../config/default-expiry-of.ts'
import { readRaw } from '../../config/read-raw.ts'
import { reversePatch } from '../../config/reverse-patch.ts'
import { rolesOf } from '../../config/roles-of.ts'
import type { Context } from '../../context.ts'
import type { AuditReport } from '../../model/audit.ts'
import { Declined, Failure } from '../../model/failure.ts'
import { renderFileDiff } from '../../render/report/file-diff.ts'
import { renderLeftAlone } from '../../render/audit/left-alone-text.ts'
import { plural } from '../../render/text/values.ts'
import { fileFailure } from '../../stores/file-failure.ts'
import { withFileLock } from '../../stores/file-lock.ts'
import { writeFileDurably } from '../../stores/write-file.ts'
import { type FixedFile, applyFixes } from './apply-fixes.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { shellWord } from '../../model/shell-word.ts'

export interface FixOptions {
  readonly config: readonly string[]
  readonly write: boolean
  /** The reverse patch; null: `fluxloop-keys.fix.patch` next to the first file that changes. */
  readonly patch: string | null
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/** The folder of the git repository around a file, where paths in patches count from; else the file's own folder. */
async function patchRoot(file: string): Promise<string> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (await exists(join(folder, '.git'))) return folder
    if (dirname(folder) === folder) return dirname(file)
  }
}

async function write(files: readonly FixedFile[], patch: string, text: string): Promise<void> {
  for (const { path, before } of files) {
    if ((await readFile(path)).equals(Buffer.from(before))) continue
    throw new Failure('conflict', `${path} was changed in the meantime: nothing was written`)
  }
  // First what takes the change back, and never over an earlier one.
  await writeFile(patch, text, { flag: 'wx' }).catch((error: unknown) => {
    throw fileFailure('write', patch, error)
  })
  for (const { path, after } of files)
    await withFileLock(path, file => writeFileDurably(file, Buffer.from(after)))
}

/** Shows what the fixes change and what is left alone, then writes them once somebody agrees. Touches nothing but files. */
export async function runFix(
  report: AuditReport,
  facts: AuditFacts,
  options: FixOptions,
  context: Context,
): Promise<number> {
  const { cwd, stdout } = context
  const raw = await readRaw((await findFiles(options.config, cwd)).files)
  const proposed = proposeFixes(report, facts, defaultExpiryOf(raw))
  const { files, fixed, left } = await applyFixes(facts.desired, proposed.fixes, rolesOf(raw), {
    paths: options.config,
    cwd,
  })
  for (const { path, before, after } of files)
    stdout.printPatch(`${renderFileDiff(relative(cwd, path), before, after, stdout)}\n`)
  const reasons = renderLeftAlone([...proposed.left, ...left])
  if (reasons !== '') stdout.print(`${reasons}\n`)
  const [first] = files
  if (first === undefined) {
    stdout.print('There is nothing to fix.')
    return 0
  }
  const patch =
    options.patch === null
      ? join(dirname(first.path), 'fluxloop-keys.fix.patch')
      : resolve(cwd, options.patch)
  if (!options.write && !context.interactive) {
    stdout.print(
      'Nothing was written: there is nobody to ask. Read the diff, then run it again with --write.',
    )
    return 0
  }
  if (await exists(patch)) {
    throw new Failure('usage', `${patch} is there already, and may be what takes an earlier fix back`, {
      hints: ['Remove it, or name another file with --patch FILE. Nothing was written.'],
    })
  }
  if (!options.write && (await context.ask('Write it? Only `yes` is taken as a yes: ')) !== 'yes')
    throw new Declined('Fix cancelled: nothing was written')
  const root = await patchRoot(first.path)
  const text = reversePatch(
    files.map(({ path, before, after }) => ({
      path: relative(root, path).split(sep).join('/'),
      before,
      after,
    })),
  )
  await write(files, patch, text)
  stdout.print(
    `Fixed ${plural(fixed.length, 'key')} in ${plural(files.length, 'file')}. To take it back, in ${escapeControls(root)}: git apply ${escapeControls(shellWord(relative(root, patch)))}\nThe platform is as it was until you apply: fluxloop-keys plan`,
  )
  return 0
}
