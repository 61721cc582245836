import type { Instant } from '../model/duration.ts'
import { plainText, withoutSecrets } from './plain-text.ts'
import { parseTime } from './wire-time.ts'

/** What an answer that is an error says, as far as it says it in the way the platform does. */
export interface ErrorAnswer {
  /** Flattened, one line; empty where there is none. Where `detail` is an object, its message. */
  readonly detail: string
  readonly code: string | null
  readonly required: readonly string[]
  readonly current: readonly string[]
  readonly name: string | null
  readonly expiredAt: Instant | null
}

function field(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined
  return (body as Record<string, unknown>)[name]
}

function text(value: unknown, maximum: number): string | null {
  return typeof value === 'string' ? withoutSecrets(plainText(value, maximum)) : null
}

function names(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value]
  return items.flatMap(item => text(item, 100) ?? [])
}

/** `body.scope.0` → `scope.0`: that it came in the body is not news. */
function place(loc: unknown): string {
  if (!Array.isArray(loc)) return ''
  const steps: readonly unknown[] = loc.slice(0, 10)
  return steps
    .flatMap(step => (typeof step === 'number' ? String(step) : (text(step, 100) ?? [])))
    .filter((step, index) => index > 0 || step !== 'body')
    .join('.')
}

/** What an object says next to its message: `limit: 5, scope: a`; only names and plain values. */
function contextOf(detail: unknown): string {
  const context = field(detail, 'context')
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return ''
  return Object.entries(context)
    .slice(0, 10)
    .flatMap(([name, value]: [string, unknown]) => {
      const shown = typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value, 100)
      return shown === null ? [] : [`${withoutSecrets(plainText(name, 100))}: ${shown}`]
    })
    .join(', ')
}

/** `{"code": "...", "message": "...", "context": {...}}`, as the platform has it for 409. */
function described(detail: unknown): string {
  const [message, code] = [text(field(detail, 'message'), 1_000), text(field(detail, 'code'), 100)]
  const context = contextOf(detail)
  return `${message ?? code ?? ''}${context === '' ? '' : ` (${context})`}`.trim()
}

/** FastAPI's validation errors, `[{"loc": ["body", "name"], "msg": "..."}]`, an object with a message, or a sentence. */
function flattened(detail: unknown): string {
  if (!Array.isArray(detail)) return text(detail, 1_000) ?? described(detail)
  const entries: readonly unknown[] = detail.slice(0, 20)
  return entries
    .flatMap(entry => {
      const message = text(field(entry, 'msg'), 300)
      const where = place(field(entry, 'loc'))
      return message === null ? [] : [where === '' ? message : `${where}: ${message}`]
    })
    .join('; ')
}

/** Reads any body: what is missing or ill-typed is left out, since there is an error to report anyway. */
export function readError(body: unknown): ErrorAnswer {
  const detail = field(body, 'detail')
  const context = field(detail, 'context')
  // What this contract has next to `detail`, others have in it.
  const anywhere = (name: string) => field(body, name) ?? field(detail, name) ?? field(context, name)
  const expiredAt = anywhere('expired_at')
  return {
    detail: flattened(detail),
    code: text(anywhere('code'), 100),
    required: names(anywhere('required')),
    current: names(anywhere('current')),
    name: text(anywhere('name'), 200),
    expiredAt: typeof expiredAt === 'string' ? parseTime(expiredAt) : null,
  }
}
