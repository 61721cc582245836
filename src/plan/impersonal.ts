/** The same value without addresses, places and user agents: what may be shown to others than whoever asked. */
export function impersonal<Value>(value: Value): Value {
  return without(value) as Value
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, without(part)]))
  if (!('ip' in copy && 'userAgent' in copy)) return copy
  // The user agent of our own program stays: it tells our looks from use, and names nobody.
  const own = typeof copy['userAgent'] === 'string' && copy['userAgent'].startsWith('fluxloop-keys/')
  return { ...copy, ip: null, location: null, userAgent: own ? copy['userAgent'] : null }
}
