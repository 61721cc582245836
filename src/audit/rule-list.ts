import type { BuiltInRule } from '../model/audit-rule.ts'
import type { Rule } from './rule.ts'
import { allProjects } from './rules/all-projects.ts'
import { canManageKeys } from './rules/can-manage-keys.ts'
import { endNotAsDeclared } from './rules/end-not-as-declared.ts'
import { environmentMismatch } from './rules/environment-mismatch.ts'
import { exceptionExpired } from './rules/exception-expired.ts'
import { expiringSoon } from './rules/expiring-soon.ts'
import { grantEnded } from './rules/grant-ended.ts'
import { lifetimeTooLong } from './rules/lifetime-too-long.ts'
import { missingDescription } from './rules/missing-description.ts'
import { missingOwner } from './rules/missing-owner.ts'
import { neverUsedKey } from './rules/never-used-key.ts'
import { noExpiry } from './rules/no-expiry.ts'
import { pastMaxAge } from './rules/past-max-age.ts'
import { permissionNotAllowed } from './rules/permission-not-allowed.ts'
import { retiredKeyInUse } from './rules/retired-key-in-use.ts'
import { rotationOverdue } from './rules/rotation-overdue.ts'
import { sharedKey } from './rules/shared-key.ts'
import { silentConsumer } from './rules/silent-consumer.ts'
import { staleSecret } from './rules/stale-secret.ts'
import { undeliveredSecret } from './rules/undelivered-secret.ts'
import { unknownConsumer } from './rules/unknown-consumer.ts'
import { unmanagedKey } from './rules/unmanaged-key.ts'
import { unusedKey } from './rules/unused-key.ts'
import { unusedPermission } from './rules/unused-permission.ts'
import { unusedProject } from './rules/unused-project.ts'
import { usageUnavailable } from './rules/usage-unavailable.ts'
import { wildcardPermission } from './rules/wildcard-permission.ts'

/** All but `exception-unmatched`, which looks at what the others found. */
export const rules: Readonly<Record<Exclude<BuiltInRule, 'exception-unmatched'>, Rule>> = {
  'unused-permission': unusedPermission,
  'unused-project': unusedProject,
  'wildcard-permission': wildcardPermission,
  'all-projects': allProjects,
  'no-expiry': noExpiry,
  'lifetime-too-long': lifetimeTooLong,
  'permission-not-allowed': permissionNotAllowed,
  'past-max-age': pastMaxAge,
  'rotation-overdue': rotationOverdue,
  'expiring-soon': expiringSoon,
  'end-not-as-declared': endNotAsDeclared,
  'unused-key': unusedKey,
  'never-used-key': neverUsedKey,
  'unmanaged-key': unmanagedKey,
  'undelivered-secret': undeliveredSecret,
  'stale-secret': staleSecret,
  'retired-key-in-use': retiredKeyInUse,
  'can-manage-keys': canManageKeys,
  'missing-owner': missingOwner,
  'missing-description': missingDescription,
  'environment-mismatch': environmentMismatch,
  'shared-key': sharedKey,
  'unknown-consumer': unknownConsumer,
  'silent-consumer': silentConsumer,
  'grant-ended': grantEnded,
  'exception-expired': exceptionExpired,
  'usage-unavailable': usageUnavailable,
}
