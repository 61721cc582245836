import { Failure } from '../model/failure.ts'

/** What is at a path of names in an answer; undefined where something on the way is not a map. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[name]
  }
  return found
}

/** Null where it is not text. */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : null
}

export function numberAt(value: unknown, ...path: readonly string[]): number | null {
  const found = valueAt(value, ...path)
  return typeof found === 'number' ? found : null
}

export function itemsAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Text without which nothing can go on. Throws a `Failure`. */
export function requireText(value: unknown, ...path: readonly string[]): string {
  const found = textAt(value, ...path)
  if (found !== null) return found
  throw new Failure('failed', `GitHub's answer lacks ${path.join('.')}`)
}

/** A commit's full name, since it becomes part of paths. Throws a `Failure`. */
export function requireCommit(value: unknown, ...path: readonly string[]): string {
  const found = requireText(value, ...path)
  if (/^[0-9a-f]{40,64}$/.test(found)) return found
  throw new Failure('failed', `GitHub's answer has no commit at ${path.join('.')}`)
}
