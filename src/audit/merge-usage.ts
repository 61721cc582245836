import { type Instant, day } from '../model/duration.ts'
import type { Counts, ObservedUsage, UsageFacts } from '../model/observed-usage.ts'

/** Older looks than that are forgotten. */
export const snapshotLife = 400 * day

export function startOfDay(at: Instant): Instant {
  return at - (at % day)
}

/** The first moment of a window of whole days that ends today. */
export function windowStart(now: Instant, days: number): Instant {
  return startOfDay(now) - (days - 1) * day
}

/** Looks overlap, so of each name the largest figure is what is certain. */
function most(all: readonly Counts[]): Counts {
  const found = new Map<string, number>()
  for (const counts of all)
    for (const [name, count] of counts) found.set(name, Math.max(count, found.get(name) ?? 0))
  return found
}

function mostByName(all: readonly ReadonlyMap<string, Counts>[]): ReadonlyMap<string, Counts> {
  const names = new Set(all.flatMap(each => [...each.keys()]))
  return new Map([...names].map(name => [name, most(all.flatMap(each => each.get(name) ?? []))]))
}

/** Unknown of one, unknown of all: what one look does not tell may have been there. */
function allOf<Value>(values: readonly (Value | null)[]): readonly Value[] | null {
  return values.includes(null) ? null : (values as readonly Value[])
}

function merged(looks: readonly ObservedUsage[]): ObservedUsage {
  const detailed = allOf(looks.map(({ byOperationAndProject }) => byOperationAndProject))
  const lists = allOf(looks.map(({ addresses }) => addresses))
  const addresses =
    lists && most(lists.map(list => new Map(list.map(({ ip, requests }) => [ip, requests] as const))))
  return {
    from: Math.min(...looks.map(({ from }) => from)),
    to: Math.max(...looks.map(({ to }) => to)),
    byDay: most(looks.map(({ byDay }) => byDay)),
    byOperation: most(looks.map(({ byOperation }) => byOperation)),
    byProject: most(looks.map(({ byProject }) => byProject)),
    byOperationAndProject: detailed && mostByName(detailed),
    addresses: addresses && [...addresses].map(([ip, requests]) => ({ ip, requests })),
  }
}

/** One look goes on where another ended: the day on which that was made is whole in it. */
function followsOn(look: ObservedUsage, { to }: ObservedUsage): boolean {
  return look.from <= startOfDay(to)
}

/** Oldest first, without those whose time the ones around them cover: they would say nothing new. None is from a time to come. */
export function thinned(looks: readonly ObservedUsage[], now: Instant): readonly ObservedUsage[] {
  const kept = looks
    .filter(({ to }) => to > now - snapshotLife && to <= now)
    .sort((a, b) => a.to - b.to || b.from - a.from)
  for (let index = 1; index < kept.length - 1;) {
    const [before, between, after] = kept.slice(index - 1, index + 2)
    if (before && between && after && before.from <= between.from && followsOn(after, before))
      kept.splice(index, 1)
    else index += 1
  }
  return kept
}

/** Of looks that would do, the one that reaches least beyond `from`; where none reaches it, the one that comes nearest. */
function nearest(looks: readonly ObservedUsage[], from: Instant): ObservedUsage | undefined {
  const whole = looks.filter(look => look.from <= from)
  const better = (a: ObservedUsage, b: ObservedUsage) =>
    whole.length > 0 ? b.from - a.from : a.from - b.from
  return [...(whole.length > 0 ? whole : looks)].sort((a, b) => better(a, b) || b.to - a.to)[0]
}

/** Looks that follow one on the other without a gap, newest first, back to `from` or as far as they go, and no further than they must. */
function chainTo(looks: readonly ObservedUsage[], from: Instant): readonly ObservedUsage[] {
  const latest = Math.max(...looks.map(({ to }) => to))
  const newest = looks.filter(({ to }) => to === latest)
  const chain: ObservedUsage[] = []
  for (let next = nearest(newest, from); next !== undefined;) {
    chain.push(next)
    const oldest = next
    if (oldest.from <= from) break
    next = nearest(
      looks.filter(look => look.from < oldest.from && followsOn(oldest, look)),
      from,
    )
  }
  return chain
}

/**
 * What several looks at one key say together of the last `days` days. Known only where they cover them without a gap, up to the last
 * look, which is at most a day old. Of the time before the key was made (`since`) there is nothing to know. An old look may reach
 * beyond the window, since a platform does not tell operations by day: then a use from before counts too.
 */
export function usageFromLooks(
  all: readonly ObservedUsage[],
  now: Instant,
  days: number,
  since: Instant = 0,
): UsageFacts {
  const window = windowStart(now, days)
  const from = Math.max(window, startOfDay(since))
  const looks = all.filter(({ to }) => to >= from && to <= now)
  const chain = chainTo(looks, from)
  const [newest, oldest] = [chain[0], chain.at(-1)]
  if (newest === undefined || oldest === undefined) return { known: false, gap: 'too-short', partial: null }
  // Whatever was seen inside the window is certain, whether it is needed to cover it or not.
  const usage = merged([...chain, ...looks.filter(look => look.from >= window && !chain.includes(look))])
  if (oldest.from > from || newest.to < now - day) return { known: false, gap: 'too-short', partial: usage }
  return { known: true, usage }
}
