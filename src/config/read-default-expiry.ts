import { type Milliseconds, parseDuration } from '../model/duration.ts'
import type { RawFile } from './raw.ts'
import { readSource } from './read-source.ts'
import { readYaml } from './read-yaml.ts'

/** The period under `defaults.expires` of a configuration that is known to be sound; null where it names none. */
export async function readDefaultExpiry(files: readonly string[]): Promise<Milliseconds | null> {
  for (const file of files) {
    const read = await readSource(file, file)
    const reading = read.ok ? readYaml(read.source.text) : null
    if (reading?.ok !== true) continue
    const expires = ((reading.document.root ?? {}) as RawFile).defaults?.expires
    if (expires !== undefined) return parseDuration(expires)
  }
  return null
}
