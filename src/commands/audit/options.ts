import type { AuditPolicy } from '../../model/audit-policy.ts'
import { type Severity, severities } from '../../model/audit-rule.ts'
import { day, parseDuration } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import { suggestUnit } from '../../model/suggest-unit.ts'
import { closest } from '../../model/suggest.ts'

/** One of the words that a flag takes. Throws a usage `Failure`. */
export function oneOf<Word extends string>(flag: string, text: string, known: readonly Word[]): Word {
  const found = known.find(word => word === text)
  if (found !== undefined) return found
  const near = closest(text, known)
  throw new Failure('usage', `--${flag} does not know \`${text}\``, {
    hints: [...(near === null ? [] : [`Did you mean ${near}?`]), `It takes: ${known.join(', ')}`],
  })
}

/** Where nobody says how bad is too bad. */
const usual: Severity = 'high'

/** What fails an audit: the flag, else the policy, else high. */
export function failOnOf(flag: string | null, { failOn }: AuditPolicy): Severity {
  return flag === null ? (failOn ?? usual) : oneOf('fail-on', flag, severities)
}

const usualDays = 30
/** Looks at usage are forgotten after 400 days. */
const mostDays = 365

/** Whole days. */
export function windowOf(flag: string | null): number {
  if (flag === null) return usualDays
  const length = parseDuration(flag)
  const days = length === null ? 0 : length / day
  if (Number.isInteger(days) && days >= 1 && days <= mostDays) return days
  throw new Failure(
    'usage',
    `--window takes whole days from 1d to ${mostDays}d, such as 90d, not \`${flag}\``,
    { hints: suggestUnit(flag, 'd') },
  )
}

/** That many requests for usage a run makes unasked: a fifth of what the platform allows in an hour. */
const usualRequests = 200

export function maximumRequestsOf(flag: number | null): number {
  return flag ?? usualRequests
}
