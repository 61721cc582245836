import { type Permissions, permissionSet } from '../model/permission.ts'
import { readSource } from './read-source.ts'
import { readYaml } from './read-yaml.ts'
import type { RawFile } from './raw.ts'

/** The roles of a configuration that is known to be sound, for whoever writes more of it. */
export async function readRoles(files: readonly string[]): Promise<ReadonlyMap<string, Permissions>> {
  const roles = new Map<string, Permissions>()
  for (const file of files) {
    const read = await readSource(file, file)
    const reading = read.ok ? readYaml(read.source.text) : null
    if (reading?.ok !== true) continue
    const { roles: declared = {} } = (reading.document.root ?? {}) as RawFile
    for (const [name, permissions] of Object.entries(declared)) roles.set(name, permissionSet(permissions))
  }
  return roles
}
