import type { AuditException } from '../model/audit-policy.ts'
import { builtInRules } from '../model/audit-rule.ts'
import { type Instant, day, formatDate, parseDate, year } from '../model/duration.ts'
import { type Located, type Report, diagnosticFor, valuePosition } from './parts.ts'
import type { RawException, RawKey } from './raw.ts'
import { suggestion } from './suggestion.ts'

/** Rules that no exception answers for: otherwise an exception would outlive its end. */
const aboutExceptions: readonly string[] = ['exception-expired', 'exception-unmatched']

function checkRule(at: Located<RawException>, own: ReadonlySet<string> | null, report: Report): void {
  const { rule } = at.value
  const known = builtInRules.filter(id => !aboutExceptions.includes(id))
  if (own === null || own.has(rule) || (known as readonly string[]).includes(rule)) return
  const place = { ...at, path: [...at.path, 'rule'] }
  const message = aboutExceptions.includes(rule)
    ? `There is no exception from ${rule}`
    : `There is no rule "${rule}"`
  report(diagnosticFor(place, { code: 'unknown-rule', message, hint: suggestion(rule, [...known, ...own]) }))
}

/** The end of the day that an exception names; null where the date is invalid. */
function endOf(at: Located<RawException>, now: Instant | null, report: Report): Instant | null {
  const place = { ...at, path: [...at.path, 'until'] }
  const date = parseDate(at.value.until)
  if (date === null) {
    const message = `Invalid date "${at.value.until}"`
    report(
      diagnosticFor(place, { code: 'no-such-day', message, hint: 'Write year, month and day: 2027-03-31.' }),
    )
    return null
  }
  if (now !== null && date > now + year) {
    const message = `An exception lasts a year at most, so at most until ${formatDate(now + year)}`
    const hint = 'Give it an earlier end: whoever reviews it then can renew it.'
    report(diagnosticFor(place, { code: 'exception-too-long', message, hint }))
  }
  return date + day
}

/** Nearly every key has none, and shares this. */
const none: readonly AuditException[] = []

/** A key's exceptions. `rules`: the ids of the policy's own; null where not all of them are known. */
export function resolveExceptions(
  key: Located<RawKey>,
  {
    now,
    rules,
    report,
  }: { readonly now: Instant | null; readonly rules: ReadonlySet<string> | null; readonly report: Report },
): readonly AuditException[] {
  if (key.value.exceptions === undefined) return none
  return key.value.exceptions.flatMap((raw, index): AuditException[] => {
    const at = { value: raw, part: key.part, path: [...key.path, 'exceptions', index] }
    checkRule(at, rules, report)
    const until = endOf(at, now, report)
    if (until === null) return []
    const { rule, permission = null, project = null, reason, owner = null } = raw
    return [{ rule, permission, project, reason, owner, until, position: valuePosition(at) }]
  })
}
