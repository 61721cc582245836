import { holdsSecret } from '../../../src/model/secret.ts'
import { redactSecrets } from '../../../src/render/text/escape.ts'
import { cut } from '../../../src/render/text/layout.ts'

/** A longer text is cut: one answer of a server must not fill a disk. */
const longest = 4_000
const deepest = 8

/** A text for a log or a span, without any secret that this process ever had and without what looks like one. */
export function masked(text: string): string {
  const bounded = text.length > longest ? cut(text.slice(0, 2 * longest), longest) : text
  const redacted = redactSecrets(bounded)
  return holdsSecret(redacted) ? '[text that held a secret]' : redacted
}

/** The same for every text in a value of JSON, names of fields included. */
export function maskedValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return masked(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === deepest) return '[too deep]'
  if (Array.isArray(value)) return value.map(item => maskedValue(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [masked(name), maskedValue(item, depth + 1)]),
  )
}
