import type { Change } from './change.ts'
import type { FieldChange } from './field-change.ts'
import type { DesiredKey } from './desired.ts'
import type { LiveKey } from './live-key.ts'
import { permissionsBeyond } from './permission.ts'
import { reachesBeyond } from './scope.ts'

type WidenedField = Extract<FieldChange['field'], 'scope' | 'permissions' | 'expires'>

/** What a successor made as declared may do beyond the key that it replaces. A later end is what a rotation is for; no end at all is not. */
function beyondPredecessor(desired: DesiredKey, live: LiveKey): readonly WidenedField[] {
  const fields: WidenedField[] = []
  if (reachesBeyond(desired.scope, live.scope)) fields.push('scope')
  if (permissionsBeyond(desired.permissions, live.permissions).length > 0) fields.push('permissions')
  if (desired.expires.kind === 'never' && live.expiresAt !== null) fields.push('expires')
  return fields
}

/** Where the key stays it is patched, else a successor takes its place. */
function patchedOrBeyond(
  fields: readonly FieldChange[],
  desired: DesiredKey,
  live: LiveKey,
): readonly FieldChange['field'][] {
  const patched = fields.filter(({ widens }) => widens).map(({ field }) => field)
  return [...new Set([...patched, ...beyondPredecessor(desired, live)])]
}

/** The fields in which a change grants more than the live key has: a permission, a project, a longer life. Making a key is not a widening. */
export function widenedFields(change: Change): readonly FieldChange['field'][] {
  switch (change.kind) {
    case 'create':
    case 'release':
    case 'revoke':
      return []
    case 'adopt':
    case 'update':
      return change.fields.filter(({ widens }) => widens).map(({ field }) => field)
    case 'rotate':
      return beyondPredecessor(change.desired, change.live)
    case 'deliver':
      return patchedOrBeyond(change.fields, change.desired, change.live)
    // Any of them may be the one that is finished.
    case 'heal': {
      const fields = change.pending.flatMap(each => each.fields)
      const [newest] = change.pending
      return newest === undefined ? [] : patchedOrBeyond(fields, change.desired, newest.live)
    }
  }
}
