import type { Path } from './read-yaml.ts'

/** A path as people write it: `keys.ci-pipeline.store[0]`. */
export function pathText(path: Path): string {
  let text = ''
  for (const part of path) {
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${shorten(part)}`
  }
  return text
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}

/** A value in a message: text in quotes and cut, anything else by its kind. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return `"${shorten(value)}"`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindText(value)
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a map',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
}

/** What a value is, in words for people who do not know JSON's. */
export function kindText(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return kinds[typeof value] ?? 'something else'
}

const typeTexts: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

/** What a JSON Schema `type` asks for: `text or a list`. */
export function typeText(type: unknown): string {
  const names = (Array.isArray(type) ? type : [type]).map(name => typeTexts[String(name)] ?? String(name))
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
}
