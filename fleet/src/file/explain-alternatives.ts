import { pathText } from '../../../src/config/describe.ts'
import type { Explanation, ShapeError } from '../../../src/config/explain-shape.ts'

/** The properties of which a map has exactly one, as the schema's `oneOf` names them. */
function alternativesOf(schema: ShapeError['schema']): readonly string[] {
  const branches = Array.isArray(schema['oneOf']) ? (schema['oneOf'] as readonly unknown[]) : []
  return branches.flatMap(branch => (branch as { readonly required?: readonly string[] }).required ?? [])
}

function listed(names: readonly string[], last: 'and' | 'or'): string {
  const quoted = names.map(name => `\`${name}\``)
  return `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1) ?? ''}`
}

/**
 * Explains a map that must have exactly one of several properties; `other` for an error that is about something else, null for
 * one that only repeats.
 */
export function explainAlternatives(error: ShapeError): Explanation | null | 'other' {
  const { keyword, path, schema, data } = error
  // The tool has words for these where a map names a store.
  if (keyword === 'minProperties')
    return about(error, `\`${pathText(path)}\` is empty`, 'Declare at least one.')
  if (keyword === 'maxProperties')
    return about(error, `\`${pathText(path)}\` has more than ${String(error.params['limit'])} entries`, null)
  // Each alternative that is not there is reported as well, by the part of the schema that says nothing but that.
  if (keyword === 'required' && schema['properties'] === undefined) return null
  if (keyword !== 'oneOf') return 'other'
  // What is not a map at all is reported as that.
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null
  const names = alternativesOf(schema)
  const given = names.filter(name => Object.hasOwn(data, name))
  if (given.length === 0) {
    const message = `\`${pathText(path)}\` has none of ${listed(names, 'and')}`
    const hint = `Give it exactly one of ${listed(names, 'and')}.`
    return { code: 'missing-property', path, at: 'key', message, hint }
  }
  const message = `\`${pathText(path)}\` has both ${listed(given, 'and')}`
  const hint = 'Keep exactly one of them.'
  return { code: 'bad-value', path: [...path, given[1] ?? ''], at: 'key', message, hint }
}

function about({ path }: ShapeError, message: string, hint: string | null): Explanation {
  return { code: 'bad-value', path, at: 'value', message, hint }
}
