import { type Issue, invalid } from './http-error.ts'

/** A request's body or query, read field by field; the issues of all of them come in one answer. */
export interface Fields {
  /** Whether the caller gave it. */
  has(name: string): boolean
  value(name: string): unknown
  issue(name: string | readonly (string | number)[], msg: string, type: string): void
  /** Throws a 422 with every issue, where there is one. */
  finish(): void
}

export function fieldsOf(where: 'body' | 'query', source: Readonly<Record<string, unknown>>): Fields {
  const issues: Issue[] = []
  return {
    has: name => Object.hasOwn(source, name),
    value: name => (Object.hasOwn(source, name) ? source[name] : undefined),
    issue(name, msg, type) {
      issues.push({ loc: [where, ...(typeof name === 'string' ? [name] : name)], msg, type })
    },
    finish() {
      if (issues.length > 0) throw invalid(issues)
    },
  }
}

/** A text, or undefined where it is absent or wrong (then there is an issue). */
export function textField(
  fields: Fields,
  name: string,
  rule: { readonly required?: boolean; readonly longest?: number; readonly emptyToo?: boolean } = {},
): string | undefined {
  if (!fields.has(name)) {
    if (rule.required === true) fields.issue(name, 'Field required', 'missing')
    return undefined
  }
  const value = fields.value(name)
  if (typeof value !== 'string') {
    fields.issue(name, 'Input should be a valid string', 'string_type')
    return undefined
  }
  if (rule.emptyToo !== true && value.trim() === '') {
    fields.issue(name, 'String should have at least 1 character', 'string_too_short')
    return undefined
  }
  if (rule.longest !== undefined && Array.from(value).length > rule.longest) {
    fields.issue(name, `String should have at most ${rule.longest} characters`, 'string_too_long')
    return undefined
  }
  return value
}

/** A list of texts without repeats, in the order given; undefined where it is absent or wrong. */
export function listField(fields: Fields, name: string): string[] | undefined {
  if (!fields.has(name)) return undefined
  const value: unknown = fields.value(name)
  if (!Array.isArray(value)) {
    fields.issue(name, 'Input should be a valid list', 'list_type')
    return undefined
  }
  const items: unknown[] = value
  for (const [at, item] of items.entries()) {
    if (typeof item !== 'string') fields.issue([name, at], 'Input should be a valid string', 'string_type')
  }
  const texts = items.filter(item => typeof item === 'string')
  return texts.length === items.length ? [...new Set(texts)] : undefined
}

/** A whole number in a query, from `least` to `most`; a larger one is cut to `most` where `capped`. */
export function wholeNumber(
  fields: Fields,
  name: string,
  rule: { readonly least: number; readonly most: number; readonly usual: number; readonly capped: boolean },
): number {
  if (!fields.has(name)) return rule.usual
  const value = fields.value(name)
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(number)) {
    fields.issue(name, 'Input should be a valid integer', 'int_parsing')
  } else if (number < rule.least) {
    fields.issue(name, `Input should be greater than or equal to ${rule.least}`, 'greater_than_equal')
  } else if (number > rule.most && !rule.capped) {
    fields.issue(name, `Input should be less than or equal to ${rule.most}`, 'less_than_equal')
  } else {
    return Math.min(number, rule.most)
  }
  return rule.usual
}

export function queryFields(query: URLSearchParams): Fields {
  return fieldsOf('query', Object.fromEntries(query))
}

/** Reads a body as a JSON object. Throws a 422 where it is none. */
export function jsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) throw invalid([{ loc: ['body'], msg: 'Field required', type: 'missing' }])
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid([{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }])
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid([{ loc: ['body'], msg: 'Input should be a valid dictionary', type: 'dict_type' }])
  }
  return value as Record<string, unknown>
}
