import { dirname } from 'node:path'
import { checkShape } from './check-shape.ts'
import type { DiagnosticList } from './diagnostic-list.ts'
import { explainReading } from './explain-reading.ts'
import type { Part } from './parts.ts'
import { readSource } from './read-source.ts'
import type { Room } from './room.ts'
import { readYaml } from './read-yaml.ts'
import { sourceOf } from './source.ts'

/** Reads one file as far as its shape; null where there is nothing to go on with. `text` takes the place of what it holds. */
export async function readPart(
  file: string,
  shown: string,
  text: string | undefined,
  diagnostics: DiagnosticList,
  room: Room,
  quotable = true,
): Promise<Part | null> {
  const read =
    text === undefined
      ? await readSource(file, shown, quotable)
      : ({ ok: true, source: sourceOf(shown, dirname(file), text, quotable) } as const)
  if (!read.ok) {
    diagnostics.push(read.diagnostic)
    return null
  }
  const { source } = read
  const tooLarge = room.take(source)
  if (tooLarge !== null) {
    diagnostics.push(tooLarge)
    return null
  }
  const reading = readYaml(source.text)
  for (const one of await explainReading(source, reading)) diagnostics.push(one)
  if (!reading.ok) diagnostics.omit(reading.omitted)
  const { document } = reading
  if (document === null) return null
  const shape = await checkShape(source, document)
  for (const one of shape.diagnostics) diagnostics.push(one)
  diagnostics.omit(shape.omitted)
  // The schema vouches for everything but the parts named in `broken`, which nobody reads.
  return { source, document, raw: document.root ?? {}, broken: shape.broken }
}
