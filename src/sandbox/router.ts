import { HttpError, notFound } from './http-error.ts'
import { type OpenOperation, type Operation, openOperations, operations } from './operations.ts'

export interface Route {
  readonly operation: Operation
  /** What stands in the path for `{id}`; empty where the path has none. */
  readonly id: string
}

const patterns = operations.map(operation => ({
  operation,
  pattern: new RegExp(`^${operation.path.replace('{id}', '([^/]+)')}/?$`),
}))

/** Finds the operation of a request. Throws a 404, or a 405 where only the method is wrong. */
export function route(method: string, path: string): Route {
  const matches = patterns.flatMap(({ operation, pattern }) => {
    const match = pattern.exec(path)
    return match === null ? [] : [{ operation, id: decoded(match[1] ?? '') }]
  })
  const match = matches.find(candidate => candidate.operation.method === method)
  if (match !== undefined) return match
  if (matches.length === 0) throw notFound(`Route ${path}`)
  const allow = matches.map(candidate => candidate.operation.method).join(', ')
  throw new HttpError(405, { detail: `Method ${method} is not allowed here` }, { allow })
}

/** The operation without a credential that a request names; null where it names none. Throws a 405 where only the method is wrong. */
export function openRoute(method: string, path: string): OpenOperation | null {
  const match = openOperations.find(each => each.path === path.replace(/\/$/, ''))
  if (match === undefined || match.method === method) return match ?? null
  throw new HttpError(405, { detail: `Method ${method} is not allowed here` }, { allow: match.method })
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
