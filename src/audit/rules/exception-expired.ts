import { formatDate } from '../../model/duration.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const exceptionExpired: Rule = (key, { now }) => {
  if (key.kind !== 'declared' || key.desired.exceptions.length === 0) return clean
  return key.desired.exceptions
    .filter(({ until }) => until <= now)
    .map(({ rule, permission, project, until, reason, owner, position }) => ({
      ...(permission === null ? {} : { permission }),
      ...(project === null ? {} : { project }),
      about: rule,
      position,
      message: `Its exception from ${rule} ended on ${formatDate(until - 1)}`,
      evidence: evidence({ rule, until: new Date(until).toISOString(), reason, owner }),
      remedy: 'Do what the rule asks for, or review the exception and give it a new end.',
    }))
}
