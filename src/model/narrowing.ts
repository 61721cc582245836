import type { FieldValues } from './field-change.ts'
import { permissionsBeyond } from './permission.ts'
import { reachesBeyond } from './scope.ts'

/** It takes something away: a permission, a project, a longer life. One change may both narrow and widen. */
export function narrows(change: FieldValues): boolean {
  switch (change.field) {
    case 'scope':
      return reachesBeyond(change.current, change.desired)
    case 'permissions':
      return permissionsBeyond(change.current, change.desired).length > 0
    case 'expires':
      return change.desired !== null && (change.current === null || change.current > change.desired)
    case 'name':
    case 'description':
    case 'protect':
    case 'key id':
    case 'state':
    case 'stack':
    case 'signature':
      return false
  }
}
