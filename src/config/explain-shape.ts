import type { DiagnosticCode } from '../model/diagnostic.ts'
import { kindText, pathText, typeText, valueText } from './describe.ts'
import { presetNames } from '../model/presets/presets.ts'
import type { Path } from './read-yaml.ts'
import { suggestUnit } from '../model/suggest-unit.ts'
import { suggestion } from './suggestion.ts'

/** The part of an ajv error that explanations need; `parentSchema` is the schema that holds the keyword. */
export interface ShapeError {
  readonly keyword: string
  readonly path: Path
  readonly params: Readonly<Record<string, unknown>>
  readonly schema: Readonly<Record<string, unknown>>
  readonly data: unknown
  /** A number or a truth value as it is written: `0123`, `1.0` and `True` mean other texts than they are. Else as YAML would write it. */
  readonly written: string
  /** The error is about a property's name, which is the last part of `path`. */
  readonly isName: boolean
}

export interface Explanation {
  readonly code: DiagnosticCode
  /** What is at fault: the last part of the path is a key for `key`. */
  readonly path: Path
  readonly at: 'key' | 'value'
  readonly message: string
  readonly hint: string | null
}

type Explain = (error: ShapeError) => Explanation

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The accepted forms in the words of the schema itself, so that there is no second definition of them. */
function forms(schema: ShapeError['schema']): string | null {
  const examples = Array.isArray(schema['examples']) ? schema['examples'] : []
  const shown = examples.filter(example => typeof example === 'string').map(example => `\`${example}\``)
  const description = textOf(schema['description'])
  return (
    [description, shown.length === 0 ? '' : `For example ${shown.join(', ')}.`].filter(Boolean).join(' ') ||
    null
  )
}

function badValue(error: ShapeError, message: string, hint = forms(error.schema)): Explanation {
  return { code: 'bad-value', path: error.path, at: error.isName ? 'key' : 'value', message, hint }
}

const explainType: Explain = error => {
  const what = pathText(error.path) || 'the file'
  const wanted = typeText(error.schema['type'])
  const scalar = typeof error.data === 'number' || typeof error.data === 'boolean'
  const texts = error.schema['type'] === 'string'
  let hint = forms(error.schema)
  if (wanted === 'a list' && typeof error.data === 'string')
    hint = `Write a list: [${JSON.stringify(error.data).slice(0, 80)}].`
  else if (scalar && texts && hint === null) hint = `Put it in quotes: "${error.written}".`
  else if (scalar && texts && !/expiry|duration|age|share/.test(textOf(error.schema['title'])))
    hint = `Put it in quotes: "${error.written}".`
  else if (scalar && texts) hint = [...suggestUnit(error.written, 'd'), hint].join(' ')
  else if (error.path.length === 0) hint = 'A configuration starts with `version: 1` and `stack: NAME`.'
  return {
    code: 'wrong-type',
    path: error.path,
    at: 'value',
    message: `\`${what}\` is ${kindText(error.data)}; it must be ${wanted}`.replace('`the file`', 'The file'),
    hint,
  }
}

/** Stores that need settings: their name alone says nothing. */
const storeNames: ReadonlySet<string> = new Set(['env-file', 'age-file', 'exec', ...presetNames])

const explainValue: Explain = error => {
  const what = pathText(error.path)
  const allowed = (error.params['allowedValues'] ?? [error.params['allowedValue']]) as readonly unknown[]
  const known = allowed.map(String)
  const title = textOf(error.schema['title'])
  if (title === 'permission') {
    const message = `There is no permission ${valueText(error.data)}`
    const hint = suggestion(String(error.data), known)
    return { code: 'unknown-permission', path: error.path, at: 'value', message, hint }
  }
  if (title === 'scope') {
    const text = String(error.data)
    const hint =
      text === '*'
        ? 'Write `all` for all projects.'
        : `Write \`all\`, or a list: [${JSON.stringify(text).slice(0, 80)}].`
    return {
      code: 'unknown-value',
      path: error.path,
      at: 'value',
      message: `The scope ${valueText(text)} is not a list`,
      hint,
    }
  }
  if (title === 'store' && storeNames.has(String(error.data))) {
    const hint = `Write \`${String(error.data)}: { ... }\`, with its settings: fluxloop-keys schema lists them.`
    return badValue(error, `The store ${valueText(error.data)} needs settings`, hint)
  }
  const message = `${valueText(error.data)} is not a valid ${title || 'value'} for \`${what}\``
  return {
    code: 'unknown-value',
    path: error.path,
    at: 'value',
    message,
    hint: suggestion(String(error.data), known),
  }
}

const explainProperty: Explain = error => {
  const name = String(error.params['additionalProperty'])
  const path = [...error.path, name]
  const known = Object.keys(error.schema['properties'] ?? {})
  const where = error.path.length === 0 ? '' : ` in \`${pathText(error.path)}\``
  const message = `Unknown property ${valueText(name)}${where}`
  return { code: 'unknown-property', path, at: 'key', message, hint: suggestion(name, known) }
}

const explainPattern: Explain = error => {
  const title = textOf(error.schema['title']) || 'value'
  const text = String(error.data)
  const negative = /^-\s*\d|^0+[a-z]*$/.test(text) && /duration|expiry|age/.test(title)
  const article = /^[aeiou]/.test(title) ? 'an' : 'a'
  const message = negative
    ? `${valueText(text)} is not a valid ${title}: it must be above zero`
    : `${valueText(text)} is not ${article} ${title}`
  return badValue(error, message)
}

/** How each keyword of the schema that can fail is told to people. */
const explanations: Readonly<Record<string, Explain>> = {
  type: explainType,
  enum: explainValue,
  const: explainValue,
  additionalProperties: explainProperty,
  pattern: explainPattern,
  required: error => {
    const name = String(error.params['missingProperty'])
    const message = `\`${pathText(error.path)}\` has no \`${name}\``
    const properties = (error.schema['properties'] ?? {}) as Readonly<
      Record<string, { description?: string }>
    >
    const hint = properties[name]?.description ?? null
    return { code: 'missing-property', path: error.path, at: 'key', message, hint }
  },
  minLength: error => badValue(error, `\`${pathText(error.path)}\` is empty`),
  maxLength: error =>
    badValue(
      error,
      `\`${pathText(error.path)}\` has more than ${String(error.params['limit'])} characters`,
      null,
    ),
  minItems: error => badValue(error, `\`${pathText(error.path)}\` is an empty list`),
  maxItems: error =>
    badValue(
      error,
      `\`${pathText(error.path)}\` has more than ${String(error.params['limit'])} entries`,
      null,
    ),
  uniqueItems: error => {
    const { i, j } = error.params as { i: number; j: number }
    const repeat = [...error.path, Math.max(i, j)]
    const message = `\`${pathText(error.path)}\` names the same thing twice`
    return { code: 'bad-value', path: repeat, at: 'value', message, hint: 'Remove the repeat.' }
  },
  minProperties: error => badValue(error, `\`${pathText(error.path)}\` names no store`),
  maxProperties: error =>
    badValue(
      error,
      `\`${pathText(error.path)}\` names several stores`,
      'Write a list with one store an entry.',
    ),
  minimum: error =>
    badValue(error, `\`${pathText(error.path)}\` is below ${String(error.params['limit'])}`, null),
  maximum: error =>
    badValue(error, `\`${pathText(error.path)}\` is above ${String(error.params['limit'])}`, null),
}

function hasType({ schema, data }: ShapeError): boolean {
  return schema['type'] === 'integer' ? Number.isInteger(data) : typeof data === schema['type']
}

/** They only repeat another error. */
const repeating: readonly string[] = ['if', 'propertyNames']

/** Tells what a shape error means; null for one that only repeats another. */
export function explainShape(error: ShapeError): Explanation | null {
  // A value of the wrong type is none of the allowed values either; `type` says it once.
  if ((error.keyword === 'enum' || error.keyword === 'const') && !hasType(error)) return null
  if (repeating.includes(error.keyword)) return null
  const explain = explanations[error.keyword]
  return explain === undefined
    ? badValue(error, `\`${pathText(error.path)}\` is not as it has to be (${error.keyword})`)
    : explain(error)
}
