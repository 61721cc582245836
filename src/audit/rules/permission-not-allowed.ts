import { allPermissions, everyPermission } from '../../model/permission.ts'
import { environmentOf } from '../audited-key.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const permissionNotAllowed: Rule = (key, { desired: { policy } }) => {
  if (key.kind !== 'declared') return clean
  const environment = environmentOf(key)
  const limits = environment === null ? undefined : policy.audit.environments[environment]
  if (limits === undefined || environment === null) return clean
  const { allow, deny } = limits
  const { permissions } = key.desired
  const granted: readonly string[] = permissions.includes(everyPermission)
    ? [...allPermissions, everyPermission]
    : permissions
  const allowed = (name: string) => allow === null || (allow as readonly string[]).includes(name)
  const denied = (name: string) => (deny as readonly string[]).includes(name)
  return granted
    .filter(name => denied(name) || !allowed(name))
    .map(permission => ({
      permission,
      message: `${permission} is not allowed in ${environment}`,
      evidence: evidence({ environment, by: denied(permission) ? 'deny' : 'allow' }),
      remedy: `Remove ${permission}, or change \`policy.environments.${environment}\`.`,
    }))
}
