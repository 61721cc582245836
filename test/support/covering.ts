/** As few cases as meet every feature that any of them has: each time the one that meets the most that was not met, of several the first. */
export function covering<T>(cases: readonly T[], featuresOf: (one: T) => readonly string[]): readonly T[] {
  const chosen: T[] = []
  const met = new Set<string>()
  const gain = (one: T) => new Set(featuresOf(one).filter(feature => !met.has(feature))).size
  for (;;) {
    const gains = cases.map(gain)
    const most = Math.max(0, ...gains)
    const best = cases[gains.indexOf(most)]
    if (most === 0 || best === undefined) return chosen
    chosen.push(best)
    for (const feature of featuresOf(best)) met.add(feature)
  }
}
