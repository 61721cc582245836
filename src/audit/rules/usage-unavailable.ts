import { type Rule, clean, evidence } from '../rule.ts'
import { usageOf } from '../usage-of.ts'

/** Only what the platform did not give: what this run chose not to ask for is not a finding. */
export const usageUnavailable: Rule = (key, facts) => {
  if (key.kind !== 'declared') return clean
  const seen = usageOf(key, facts)
  if (seen.seen || seen.why !== 'no-answer') return clean
  return [
    {
      message: 'The platform gave no figures of its use, so nothing can be said about what it needs',
      evidence: evidence({ windowDays: facts.windowDays }),
      remedy: 'Run the audit again later; nothing is taken away without figures.',
    },
  ]
}
