import type { DesiredKey } from '../model/desired.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isRemoval, noRemoval } from '../model/removal.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import { type Decision, type Facts, type KeyCase, isCallingKey } from './facts.ts'
import { fieldChanges, narrowing, narrows } from './fields.ts'
import { removalOf } from './removal.ts'

/** Field changes, and a warning where some had to be left out. */
interface Writable {
  readonly fields: readonly FieldChange[]
  readonly findings: readonly Finding[]
}

/** The calling key is never narrowed by its own run: such fields are left out, with a warning. */
export function withoutNarrowingCaller(
  keyId: string,
  live: Pick<LiveKey, 'id'>,
  fields: readonly FieldChange[],
  facts: Pick<Facts, 'current'>,
): Writable {
  if (!isCallingKey(live, facts)) return { fields, findings: [] }
  const kept = fields.filter(change => !narrows(change))
  if (kept.length === fields.length) return { fields, findings: [] }
  const { id: liveId } = live
  return {
    fields: kept,
    findings: [{ severity: 'warning', code: 'calling-key', keyId, liveId, action: 'narrow' }],
  }
}

/** What makes a key as declared, where it stays. */
export function fieldsToUpdate(desired: DesiredKey, key: ManagedKey, facts: Facts): Writable {
  return withoutNarrowingCaller(desired.keyId, key.live, fieldChanges(desired, key, facts.now), facts)
}

/** What is taken from a key, where another takes its place. */
export function fieldsToNarrow(desired: DesiredKey, key: ManagedKey, facts: Facts): Writable {
  return withoutNarrowingCaller(desired.keyId, key.live, narrowing(desired, key), facts)
}

/** One PATCH that makes a key as declared, and takes its secret out of stores that it lost. */
export function updateOf({ desired, lineage }: KeyCase, key: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const { fields, findings } = fieldsToUpdate(desired, key, facts)
  const { removal, findings: left } = removalOf(desired, [key], lineage, facts.options, 'updates')
  const isIdle = fields.length === 0 && !isRemoval(removal)
  return {
    changes: isIdle
      ? []
      : [{ kind: 'update', keyId, desired, live: key.live, superseded: false, fields, removal }],
    findings: [...findings, ...left],
  }
}

/** One PATCH that only narrows a key that another replaced, or will replace. */
export function narrowOf({ desired }: KeyCase, key: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const { fields, findings } = fieldsToNarrow(desired, key, facts)
  const { live } = key
  return {
    changes:
      fields.length === 0
        ? []
        : [{ kind: 'update', keyId, desired, live, superseded: true, fields, removal: noRemoval }],
    findings,
  }
}
