import { everyPermission } from '../../model/permission.ts'
import { type Rule, clean, evidence } from '../rule.ts'
import { countTexts, usageOf } from '../usage-of.ts'
import { usedPermissions } from '../used-permissions.ts'

export const wildcardPermission: Rule = (key, facts) => {
  if (key.kind !== 'declared' || !key.desired.permissions.includes(everyPermission)) return clean
  const seen = usageOf(key, facts)
  const used = seen.seen ? countTexts(usedPermissions(seen.usage).counts) : null
  return [
    {
      permission: everyPermission,
      message: 'It has all permissions, also those that the platform adds in time',
      evidence: evidence(used === null ? {} : { windowDays: facts.windowDays, used }),
      remedy:
        used === null || used.length === 0
          ? 'Name the permissions that it needs.'
          : 'Name the permissions that it used, or `fluxloop-keys audit --fix` does.',
    },
  ]
}
