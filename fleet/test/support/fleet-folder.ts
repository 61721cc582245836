import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { type FleetReading, readFleet } from '../../src/file/read-fleet.ts'
import type { Fleet } from '../../src/file/fleet.ts'

export type FolderFiles = Readonly<Record<string, string | Uint8Array | { readonly leadsTo: string }>>

/** What most files begin with: one account. */
export const oneAccount = 'version: 1\naccounts:\n  acme:\n    credential: { env: KEY }\n'

export async function addFiles(folder: string, files: FolderFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(path, content)
    else await symlink(content.leadsTo, path)
  }
}

/** A folder with these files, for as long as the test runs. */
export async function folderWith(t: Test, files: FolderFiles): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-fleet-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await addFiles(folder, files)
  return folder
}

/** Reads `fleet.yaml` in a folder of its own, with other files next to it. */
export async function reading(
  t: Test,
  text: string | Uint8Array,
  others: FolderFiles = {},
): Promise<FleetReading> {
  const cwd = await folderWith(t, { 'fleet.yaml': text, ...others })
  return await readFleet('fleet.yaml', { cwd })
}

/** The fleet of a file that is expected to be right. */
export async function fleetOf(t: Test, text: string, others: FolderFiles = {}): Promise<Fleet> {
  const read = await reading(t, text, others)
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics, null, 2))
  return read.fleet
}
