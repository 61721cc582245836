import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { type Loaded, loadConfiguration } from '../../src/config/load.ts'
import { parseDate } from '../../src/model/duration.ts'

export const now = parseDate('2026-11-22') ?? 0

/** Runs `body` in an empty folder that holds `files`, and removes it. */
export async function inFolder<Result>(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-config-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    }
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Loads these files from a folder of their own. */
export async function load(
  files: Readonly<Record<string, string | Uint8Array>>,
  paths: readonly string[] = ['.'],
): Promise<Loaded> {
  return inFolder(files, cwd => loadConfiguration({ paths, cwd, now }))
}

/** The state of files that are expected to be right. */
export async function desired(
  files: Readonly<Record<string, string | Uint8Array>>,
  paths?: readonly string[],
) {
  const loaded = await load(files, paths)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics, null, 2))
  return loaded.desired
}
