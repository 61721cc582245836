import type { Path } from './read-yaml.ts'

/** Properties that the design names and this version does not build yet; `*` stands for any one name. */
const properties: readonly string[] = ['keys.*.exceptions', 'extends']

function generalise(path: Path): string {
  const [top, ...rest] = path
  return [top, ...(top === 'keys' && rest.length > 0 ? ['*', ...rest.slice(1)] : rest)].join('.')
}

/** Whether the property at `path`, which the schema does not know, is one that will come. */
export function isPropertyToCome(path: Path): boolean {
  return properties.includes(generalise(path))
}
