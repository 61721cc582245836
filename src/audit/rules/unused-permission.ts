import { plural } from '../../model/plural.ts'
import { everyPermission } from '../../model/permission.ts'
import { countTexts, usageOf } from '../usage-of.ts'
import { usedPermissions } from '../used-permissions.ts'
import { type Draft, type Rule, clean, evidence } from '../rule.ts'

/** Permissions that work in no project. */
const beyondProjects: readonly string[] = ['manage_projects', 'invite_members', 'manage_keys']

/** A key that nobody uses at all is another rule's business. */
export const unusedPermission: Rule = (key, facts) => {
  if (key.kind !== 'declared') return clean
  const { permissions, scope } = key.desired
  if (permissions.includes(everyPermission)) return clean
  const seen = usageOf(key, facts)
  if (!seen.seen) return { unseen: seen.why }
  const { counts, unknown, byProject } = usedPermissions(seen.usage)
  if (unknown.length > 0) return { unseen: 'unknown-operation' }
  if (counts.size === 0) return clean
  const used = countTexts(counts)
  const { windowDays } = facts
  const whole = permissions
    .filter(name => !counts.has(name))
    .map((permission): Draft => ({
      permission,
      message: `${permission} is granted, and was not used in ${plural(windowDays, 'day')}`,
      evidence: evidence({ windowDays, requests: 0, used }),
      remedy: `Remove ${permission} from its permissions, or \`fluxloop-keys audit --fix\` does.`,
    }))
  if (byProject === null || scope === 'all') return whole
  const touched = new Set([...byProject.values()].flatMap(projects => [...projects.keys()]))
  const parts = permissions
    .filter(name => counts.has(name) && !beyondProjects.includes(name))
    .flatMap(permission =>
      scope
        .filter(project => touched.has(project) && !byProject.get(permission)?.has(project))
        .map((project): Draft => ({
          permission,
          project,
          severity: 'info',
          message: `${permission} was not used in ${project} in ${plural(windowDays, 'day')}, only in other projects`,
          evidence: evidence({
            windowDays,
            requests: 0,
            used: countTexts(byProject.get(permission) ?? new Map()),
          }),
          remedy: `A key grants the same in all its projects: give ${project} a key of its own, without ${permission}.`,
        })),
    )
  return [...whole, ...parts]
}
