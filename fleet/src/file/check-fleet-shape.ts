import { type ShapeResult, type ShapeWords, explainErrors } from '../../../src/config/explain-errors.ts'
import { type Explanation, type ShapeError, explainShape } from '../../../src/config/explain-shape.ts'
import type { Path, YamlDocument } from '../../../src/config/read-yaml.ts'
import type { Source } from '../../../src/config/source.ts'
import { explainAlternatives } from './explain-alternatives.ts'
import * as schema from './generated/validate.js'

const divided: readonly unknown[] = ['accounts', 'stacks', 'discover', 'notify']

/** The part of a fleet file that stands or falls as one: `accounts/acme`, `stacks/3`, `defaults`. */
export function partOf(path: Path): string {
  const [top, name] = path
  return divided.includes(top) && name !== undefined ? `${String(top)}/${name}` : String(top ?? '')
}

const beginning = 'A fleet file starts with `version: 1` and `accounts:`.'

function explain(error: ShapeError): Explanation | null {
  const special = explainAlternatives(error)
  if (special !== 'other') return special
  const explanation = explainShape(error)
  if (explanation === null || explanation.path.length > 0) return explanation
  return explanation.code === 'missing-property'
    ? { ...explanation, message: `The file has no \`${String(error.params['missingProperty'])}\`` }
    : { ...explanation, hint: beginning }
}

const words: ShapeWords = {
  explain,
  partOf,
  // What a property leaves out or has too many of says nothing about the others.
  breaks: ({ code, path }) =>
    code !== 'unknown-property' && !(code === 'missing-property' && path.length === 0),
  mistake: ({ message, hint }) => hint ?? message,
}

/** Checks a fleet file against its schema. */
export function checkFleetShape(source: Source, document: YamlDocument): ShapeResult {
  return explainErrors(source, document, schema, words)
}
