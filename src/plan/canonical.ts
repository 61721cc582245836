/** Facts that change by themselves or say where something stands: they make no plan another one. Of a store counts what was declared. */
const ignored: ReadonlySet<string> = new Set(['lastUse', 'version', 'position', 'spec'])

/**
 * Of a change, also how old a key is, which part of a store is free, and what its declaration answers for to audit: that counts with the
 * declaration.
 */
const ignoredInChange: ReadonlySet<string> = new Set([...ignored, 'age', 'free', 'exceptions'])

/** One text for one meaning: names in order, and without the facts that do not matter. */
export function canonicalText(value: unknown): string {
  return textWithout(value, ignored)
}

/** The same of a change in a plan. */
export function canonicalChange(change: unknown): string {
  return textWithout(change, ignoredInChange)
}

function textWithout(value: unknown, omitted: ReadonlySet<string>): string {
  if (Array.isArray(value)) return `[${value.map(item => textWithout(item, omitted)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([name, part]) => !omitted.has(name) && part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${textWithout(part, omitted)}`).join(',')}}`
}
