import { type Rule, clean, evidence } from '../rule.ts'
import { addCounts, countTexts, usageOf } from '../usage-of.ts'

export const allProjects: Rule = (key, facts) => {
  if (key.kind !== 'declared' || key.desired.scope !== 'all') return clean
  const seen = usageOf(key, facts)
  const touched = seen.seen ? countTexts(addCounts(seen.usage.map(({ byProject }) => byProject))) : null
  return [
    {
      message: 'It reaches all projects, also those that are made later',
      evidence: evidence(touched === null ? {} : { windowDays: facts.windowDays, touched }),
      remedy: 'Name the projects that it needs under `scope`.',
    },
  ]
}
