import type { Path } from './read-yaml.ts'

/** Properties that the design names and this version does not build yet; `*` stands for any one name. */
const properties: readonly string[] = [
  'keys.*.exceptions',
  'extends',
]

const stores: ReadonlySet<string> = new Set([
  'github-actions',
  'gitlab-ci',
  'vault',
  'aws-secrets-manager',
  'kubernetes',
  '1password',
  'pass',
  'exec',
])

function generalise(path: Path): string {
  const [top, ...rest] = path
  return [top, ...(top === 'keys' && rest.length > 0 ? ['*', ...rest.slice(1)] : rest)].join('.')
}

function isStorePlace(path: Path): boolean {
  return /^(?:keys\.\*|defaults)\.store(?:\.|$)/.test(generalise(path))
}

/** Whether the property at `path`, which the schema does not know, is one that will come. */
export function isPropertyToCome(path: Path): boolean {
  const name = String(path.at(-1))
  return properties.includes(generalise(path)) || (isStorePlace(path.slice(0, -1)) && stores.has(name))
}

/** Whether the value at `path`, which the schema refuses, is one that will come. */
export function isValueToCome(path: Path, value: unknown): boolean {
  if (typeof value !== 'string') return false
  return isStorePlace(path) && stores.has(value)
}
