/** Facts that change by themselves or say where something stands: they make no plan another one. Of a store counts what was declared. */
const beside: ReadonlySet<string> = new Set(['lastUse', 'version', 'position', 'spec'])

/** One text for one meaning: names in order, and without the facts that are beside the point. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([name, part]) => !beside.has(name) && part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonicalText(part)}`).join(',')}}`
}
