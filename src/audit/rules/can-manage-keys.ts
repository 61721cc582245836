import { grants } from '../../model/permission-labels.ts'
import { everyPermission } from '../../model/permission.ts'
import { type Rule, clean, evidence } from '../rule.ts'

export const canManageKeys: Rule = key => {
  if (key.kind !== 'declared' || !grants(key.desired.permissions, 'manage_keys')) return clean
  const by = key.desired.permissions.includes(everyPermission) ? everyPermission : 'manage_keys'
  return [
    {
      permission: 'manage_keys',
      message: 'It can make keys, so whoever has it can give itself whatever it grants',
      evidence: evidence({ grantedBy: by }),
      remedy:
        'Remove it, unless this is the one key that runs `fluxloop-keys apply`: then declare an exception that says so.',
    },
  ]
}
