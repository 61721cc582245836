/** Who ran it: the account and, where a key authenticated, that key; the machine and its user. */
export interface LoggedCaller {
  readonly account: string
  /** The calling key's name and id; null where a user token authenticated. */
  readonly key: string | null
  readonly key_id: string | null
  readonly host: string
  readonly user: string
}

interface Line {
  readonly format_version: '1.0'
  /** The same for all lines of one run. */
  readonly run: string
  /** The platform's clock, ISO 8601 in UTC. */
  readonly at: string
  readonly stack: string
  readonly by: LoggedCaller
}

/** A run begins: what its plan would do. */
export type RunLine = Line & {
  readonly event: 'run'
  readonly plan: Readonly<Record<string, number>>
}

/** What came of one change, and why it was to be made. */
export type ChangeLine = Line & {
  readonly event: 'change'
  /** The key id in the configuration. */
  readonly key: string
  /** The live key's id; null where none was made. */
  readonly id: string | null
  readonly action: string
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  readonly outcome:
    | {
        readonly status: 'done'
        readonly done: string
        readonly places: readonly string[]
        /** The stores that the declaration lost, with what became of the secret there; absent where it lost none. */
        readonly removed?: readonly { readonly store: string; readonly result: string }[]
      }
    | { readonly status: 'failed'; readonly code: string; readonly message: string }
    | { readonly status: 'not_started'; readonly why: string }
    | { readonly status: 'held' }
}

/** A line of the log that `--log` writes, described in `schemas/log.schema.json`. It holds no secret. */
export type LogLine = RunLine | ChangeLine

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasTexts(value: unknown, ...names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && names.every(name => typeof value[name] === 'string')
}

function isTextOrNull(value: unknown): boolean {
  return typeof value === 'string' || value === null
}

function isReasons(value: unknown): boolean {
  return Array.isArray(value) && value.every(reason => hasTexts(reason, 'code', 'message'))
}

function isOutcome(value: unknown): boolean {
  if (!hasTexts(value, 'status')) return false
  switch (value['status']) {
    case 'done': {
      const { places, removed = [] } = value
      return (
        hasTexts(value, 'done') &&
        Array.isArray(places) &&
        places.every(place => typeof place === 'string') &&
        Array.isArray(removed) &&
        removed.every(one => hasTexts(one, 'store', 'result'))
      )
    }
    case 'failed':
      return hasTexts(value, 'code', 'message')
    case 'not_started':
      return hasTexts(value, 'why')
    default:
      return value['status'] === 'held'
  }
}

/** Reads one line; null for what is none: cut off by a crash, edited, or written by a version to come. */
export function parseLogLine(text: string): LogLine | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!hasTexts(value, 'run', 'at', 'stack') || value['format_version'] !== '1.0') return null
  const { at, by } = value
  if (!hasTexts(by, 'account', 'host', 'user') || Number.isNaN(Date.parse(String(at)))) return null
  if (![by['key'], by['key_id']].every(isTextOrNull)) return null
  const valid =
    value['event'] === 'run'
      ? isRecord(value['plan'])
      : value['event'] === 'change' &&
        hasTexts(value, 'key', 'action') &&
        isTextOrNull(value['id']) &&
        isReasons(value['reasons']) &&
        isOutcome(value['outcome'])
  return valid ? (value as unknown as LogLine) : null
}
