/** One line of JSON on the helper's standard input. */
export type KeychainRequest =
  | { readonly op: 'get' | 'remove'; readonly service: string; readonly account: string }
  | { readonly op: 'set'; readonly service: string; readonly account: string; readonly secret: string }
  /** Writes, reads and removes an entry of its own. */
  | { readonly op: 'probe' }

/** What can be wrong with a keychain; library errors are reduced to this, since their texts are not ours to vouch for. */
export const keychainProblems = [
  'no-service',
  'locked',
  'ambiguous',
  'unsupported',
  'refused',
  'unanswered',
  'crashed',
] as const

export type KeychainProblem = (typeof keychainProblems)[number]

/** One line of JSON on the helper's standard output has this and the request's id. `value` is null where there is no entry. */
export type KeychainAnswer =
  | { readonly value: string | null }
  /** `detail`: the name of an error, such as `org.freedesktop.Secret.Error.IsLocked`, or empty. */
  | { readonly problem: KeychainProblem; readonly detail: string }

/** Reads an answer; null where it is none. */
export function readAnswer(line: string): { id: number; answer: KeychainAnswer } | null {
  let raw: unknown
  try {
    raw = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof raw !== 'object' || raw === null) return null
  const { id, value, problem, detail } = raw as Record<string, unknown>
  if (typeof id !== 'number') return null
  if (value === null || typeof value === 'string') return { id, answer: { value } }
  const known = keychainProblems.find(one => one === problem)
  return known === undefined || typeof detail !== 'string' ? null : { id, answer: { problem: known, detail } }
}
