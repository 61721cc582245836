import type { NotLookedAt, Unseen } from '../model/audit.ts'

/** Collects what was not looked at; one entry for each reason and list of rules. */
export function unseenLog() {
  const byReason = new Map<Unseen, Map<string, Set<string>>>()
  return {
    add(why: Unseen, rule: string, liveIds: readonly string[]): void {
      const rules = byReason.get(why) ?? new Map<string, Set<string>>()
      byReason.set(why, rules)
      const ids = rules.get(rule) ?? new Set<string>()
      rules.set(rule, ids)
      for (const id of liveIds) ids.add(id)
    },
    entries(): readonly NotLookedAt[] {
      return [...byReason]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([why, rules]) => {
          const groups = new Map<string, NotLookedAt>()
          for (const [rule, ids] of [...rules].sort(([a], [b]) => (a < b ? -1 : 1))) {
            const liveIds = [...ids].sort()
            const name = liveIds.join()
            groups.set(name, { why, liveIds, rules: [...(groups.get(name)?.rules ?? []), rule] })
          }
          return [...groups.values()]
        })
    },
  }
}
