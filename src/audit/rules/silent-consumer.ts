import { formatDuration } from '../../model/duration.ts'
import { lastUses } from '../consumers/observed.ts'
import { sightingOf } from '../consumers/sightings.ts'
import { type Draft, type Rule, clean, evidence } from '../rule.ts'
import { addUsage, usageOf } from '../usage-of.ts'

/** A declared consumer that the figures prove to have done nothing for as long as it said, or longer. */
export const silentConsumer: Rule = (key, facts) => {
  if (key.kind !== 'declared' || key.desired.consumers.length === 0) return clean
  const { consumers } = key.desired
  const seen = usageOf(key, facts)
  if (!seen.seen) return { unseen: seen.why }
  const usage = addUsage(seen.usage)
  if (usage === null) return { unseen: 'no-live-key' }
  const last = lastUses(key.members).filter(({ at }) => at >= usage.from)
  const covered = consumers.filter(({ every }) => usage.from <= facts.now - every)
  const drafts = covered
    .filter(each => sightingOf(each, consumers, usage, last) === 'absent')
    .map(({ name, every }): Draft => ({
      about: name,
      message: `Its consumer ${name}, declared to work every ${formatDuration(every)}, was not seen in that time`,
      evidence: evidence({ consumer: name, every: formatDuration(every), windowDays: facts.windowDays }),
      remedy:
        'See whether it still works and has the right secret; if it is gone, remove it from the declaration.',
    }))
  return drafts.length === 0 && covered.length < consumers.length ? { unseen: 'window-too-short' } : drafts
}
