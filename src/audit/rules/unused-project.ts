import { plural } from '../../model/plural.ts'
import { addCounts, countTexts, total, usageOf } from '../usage-of.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const unusedProject: Rule = (key, facts) => {
  if (key.kind !== 'declared') return clean
  const { scope } = key.desired
  if (scope === 'all') return clean
  const seen = usageOf(key, facts)
  if (!seen.seen) return { unseen: seen.why }
  const counts = addCounts(seen.usage.map(({ byProject }) => byProject))
  // A key that nobody uses, or only where no project is meant, is not one with too many projects.
  if (total(counts) === 0) return clean
  const { windowDays } = facts
  return scope
    .filter(project => (counts.get(project) ?? 0) === 0)
    .map(project => ({
      project,
      message: `${project} is in its scope, and was not touched in ${plural(windowDays, 'day')}`,
      evidence: evidence({ windowDays, requests: 0, used: countTexts(counts) }),
      remedy: `Remove ${project} from its scope, or \`fluxloop-keys audit --fix\` does.`,
    }))
}
