import { type ShapeResult, type ShapeWords, explainErrors } from './explain-errors.ts'
import { explainShape } from './explain-shape.ts'
import { accepts } from './generated/accepts.js'
import type { Path, YamlDocument } from './read-yaml.ts'
import type { Source } from './source.ts'

/** The part of a file that stands or falls as one: a key, a role, or another block at the top. */
export function partName(path: Path): string {
  const [top, name] = path
  return (top === 'keys' || top === 'roles') && name !== undefined ? `${top}/${name}` : String(top ?? '')
}

const words: ShapeWords = {
  explain: explainShape,
  partOf: partName,
  // Of a property of a key that nobody knows, what the others say can be told anyway.
  breaks: ({ code, path }) => code !== 'unknown-property' || path[0] !== 'keys' || path.length !== 3,
  mistake: ({ message, hint }) => (message.includes('`keys.') ? String(hint) : message),
}

/** Checks a document against the schema. */
export async function checkShape(source: Source, document: YamlDocument): Promise<ShapeResult> {
  if (accepts(document.root)) return { diagnostics: [], broken: new Set(), omitted: 0 }
  return explainErrors(source, document, await import('./generated/validate.js'), words)
}
