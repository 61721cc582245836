import { readSource } from './read-source.ts'
import { readYaml } from './read-yaml.ts'
import type { RawFile } from './raw.ts'

/** The files of a configuration that is known to be valid, as plain data, for whoever writes more of it. */
export async function readRaw(files: readonly string[]): Promise<readonly RawFile[]> {
  const found: RawFile[] = []
  for (const file of files) {
    const read = await readSource(file, file)
    const reading = read.ok ? readYaml(read.source.text) : null
    if (reading?.ok === true) found.push(reading.document.root ?? {})
  }
  return found
}
