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

/** Undefined of one, unknown of all: what one look does not tell may have been there. */
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

/** Oldest first, without those whose time the ones around them cover: they would say nothing new. */
export function thinned(looks: readonly ObservedUsage[], now: Instant): readonly ObservedUsage[] {
  const kept = looks
    .filter(({ to }) => to > now - snapshotLife)
    .sort((a, b) => a.to - b.to || b.from - a.from)
  for (let index = 1; index < kept.length - 1;) {
    const [before, between, after] = kept.slice(index - 1, index + 2)
    if (before && between && after && before.from <= between.from && followsOn(after, before))
      kept.splice(index, 1)
    else index += 1
  }
  return kept
}

/** The newest looks that follow one on the other without a gap, oldest first. */
function unbroken(looks: readonly ObservedUsage[]): readonly ObservedUsage[] {
  const chain: ObservedUsage[] = []
  for (const look of [...looks].sort((a, b) => b.to - a.to || a.from - b.from)) {
    const oldest = chain.at(-1)
    if (oldest === undefined || followsOn(oldest, look)) chain.push(look)
    else break
  }
  return chain.reverse()
}

/**
 * What several looks at one key say together of the last `days` days. Known only where they cover them without a gap, up to the last
 * look, which is at most a day old.
 */
export function usageFromLooks(looks: readonly ObservedUsage[], now: Instant, days: number): UsageFacts {
  const from = windowStart(now, days)
  const chain = unbroken(looks).filter(({ to }) => to >= from)
  const newest = chain.at(-1)
  if (newest === undefined) return { known: false, gap: 'too-short', partial: null }
  const usage = merged(chain)
  if (usage.from > from || newest.to < now - day) return { known: false, gap: 'too-short', partial: usage }
  return { known: true, usage }
}
