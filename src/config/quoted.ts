/** Words that readers of older YAML take for something else than text. */
const special = /^(?:true|false|null|yes|no|on|off|y|n)$/i

/** A name as YAML: plain where that is safe, also within brackets. */
export function quoted(name: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*(?::[A-Za-z0-9_-]+)?$/.test(name) && !special.test(name)
    ? name
    : JSON.stringify(name)
}
