import type { Change } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import type { Cause, FieldChange, FieldValues } from '../../model/field-change.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { successorFields } from './successor.ts'

/** A field that apply will write. `cause` is null where a new key, or a new secret, is made as declared. */
export type WrittenField = FieldValues & { readonly cause: Cause | null; readonly widens: boolean }

const asDeclared = (fields: ReturnType<typeof successorFields>): readonly WrittenField[] =>
  fields.map(field => ({ ...field, cause: null }))

/** What a change writes to fields in which the live key, or the one that it replaces, differs. */
export function writtenFields(change: Change, now: Instant): readonly WrittenField[] {
  switch (change.kind) {
    case 'create':
    case 'release':
    case 'revoke':
      return []
    case 'adopt':
    case 'update':
      return change.fields
    case 'deliver':
      return change.rotates && change.strategy === 'overlap'
        ? asDeclared(successorFields(change.desired, change.live, now))
        : change.fields
    case 'rotate': {
      const successor = asDeclared(successorFields(change.desired, change.live, now))
      if (change.strategy === 'overlap') return successor
      return [...change.fields, ...successor.filter(({ field }) => field === 'expires')]
    }
    case 'heal':
      return change.pending[0]?.fields ?? []
  }
}

/** What is written to the older ones of several pending keys, where one of them is finished in the place of the newest. */
export function finishedInstead(
  change: Change,
): readonly { readonly live: LiveKey; readonly fields: readonly FieldChange[] }[] {
  const older = change.kind === 'heal' ? change.pending.slice(1) : []
  return older.filter(({ fields }) => fields.length > 0)
}

/** What is taken from live keys where a delivery or a heal ends with another key in their place. */
export function narrowedThen(
  change: Change,
): readonly { readonly live: LiveKey; readonly fields: readonly FieldChange[] }[] {
  const all =
    change.kind === 'deliver'
      ? [{ live: change.live, fields: change.narrowing }]
      : change.kind === 'heal'
        ? change.pending.map(({ live, narrowing }) => ({ live, fields: narrowing }))
        : []
  return all.filter(({ fields }) => fields.length > 0)
}
