import type { Instant } from './duration.ts'
import type { Permissions } from './permission.ts'
import type { Scope } from './scope.ts'

/** Why a field differs: the platform was changed by someone else, the configuration was, or both; a flag asks for it; or a grant in an emergency begins, or has ended. */
export type Cause = 'drift' | 'changed' | 'both' | 'asked' | 'break-glass'

interface Field<Name extends string, Value> {
  readonly field: Name
  readonly current: Value
  readonly desired: Value
  readonly cause: Cause
  /** It grants more than the key has: a permission, a project, a longer life. */
  readonly widens: boolean
}

export type FieldChange =
  | Field<'name', string>
  | Field<'description', string>
  | Field<'scope', Scope>
  | Field<'permissions', Permissions>
  | Field<'expires', Instant | null>
  | Field<'protect', boolean>
  /** A rename: nothing on the platform but the marker changes. */
  | Field<'key id', string>
  /** What its marker says of it. */
  | Field<'state', string>
  | Field<'stack', string>
  /** Whether the marker bears one, in words. */
  | Field<'signature', string>

/** It says which key of the configuration it is, and changes nothing of what the key is. */
export function isRename({ field }: Pick<FieldChange, 'field'>): boolean {
  return field === 'stack' || field === 'key id'
}

/** A field's values, whatever made them differ. */
export type FieldValues = FieldChange extends infer Each
  ? Each extends FieldChange
    ? Pick<Each, 'field' | 'current' | 'desired'>
    : never
  : never
