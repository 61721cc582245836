import type { Change } from '../../model/change.ts'
import type { FieldChange, FieldValues } from '../../model/field-change.ts'
import type { Instant } from '../../model/duration.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { narrows } from '../../model/narrowing.ts'
import { storeLabel } from '../../model/store.ts'
import { widenedFields } from '../../model/widening.ts'
import { type KeyJson, endToJson, keyToJson } from '../keys/live-key-json.ts'
import { type NewKeyJson, newKeyToJson } from './new-key-json.ts'
import { losesAccess } from './plan-summary.ts'
import { type ProgramJson, changePrograms } from './programs.ts'
import { type ReasonCode, reasonsOf } from './reasons.ts'
import { breakable } from '../text/layout.ts'
import { type WrittenField, finishedInstead, narrowedThen, writtenFields } from './written-fields.ts'

/** A change in the JSON of a plan. */
export interface ChangeJson {
  readonly action: Change['kind']
  readonly key: string
  /** The live key's id; absent for a create. */
  readonly id?: string
  readonly name: string
  /** Of the key to be made, or of the live key that is revoked; null where none is made or none can be. */
  readonly generation: number | null
  readonly reasons: readonly { readonly code: ReasonCode; readonly message: string }[]
  readonly fields: readonly FieldJson[]
  /** Only where a key is made, or may be: what it is made with. */
  readonly new_key?: NewKeyJson
  /** It grants more than the key has now. */
  readonly widens: boolean
  /** It takes a permission or a project from whoever uses the key. */
  readonly loses_access: boolean
  /** Where a secret will be put; empty where none moves. */
  readonly stores: readonly string[]
  /** The stores that its declaration lost, and out of which the secret will be taken. */
  readonly removed_stores: readonly string[]
  /** The programs of `exec` stores that it is about. */
  readonly programs: readonly ProgramJson[]
  /** Only in a heal: the ids of those that are revoked where none can be finished. */
  readonly excess?: readonly string[]
  /** Only in a heal: the live keys that an interrupted run left. */
  readonly pending?: readonly KeyJson[]
  /** Only in a rotation or a delivery: whether a successor takes its place, or the key is regenerated. */
  readonly strategy?: 'overlap' | 'in-place'
  /** Only in a delivery: no store can be read, so a new generation is certain. */
  readonly rotates?: boolean
  /** Only in an update: it narrows a key that retires. */
  readonly superseded?: boolean
  /** Only where a successor is made or finished: the live keys that are marked as retiring for it. */
  readonly retires?: readonly string[]
  /** Only in a rotation of a leaked key: the live keys that are marked as leaked first, and revoked once the successor is delivered. */
  readonly leaked?: readonly string[]
  /** Only in a heal of several keys: what is written to an older one where that is the one that can be finished. */
  readonly finishing?: readonly KeyFieldsJson[]
  /** Only in a delivery or a heal: what is taken from live keys where another key takes their place after all. */
  readonly narrowing?: readonly KeyFieldsJson[]
}

/** Fields of one live key. */
interface KeyFieldsJson {
  readonly id: string
  readonly fields: readonly FieldJson[]
}

interface FieldJson {
  readonly field: FieldValues['field']
  readonly current: FieldValueJson
  readonly desired: FieldValueJson
  /** Null where a new key, or a new secret, is made as declared. */
  readonly cause: FieldChange['cause'] | null
  readonly widens: boolean
  /** It takes something away: a permission, a project, a longer life. */
  readonly narrows: boolean
}
type FieldValueJson = string | boolean | null | readonly string[]

export function changeToJson(change: Change, now: Instant): ChangeJson {
  const fields = writtenFields(change, now).map(writtenToJson)
  const finishing = finishedInstead(change).map(keyFieldsToJson)
  const narrowing = narrowedThen(change).map(keyFieldsToJson)
  const newKey = newKeyToJson(change, now)
  return {
    action: change.kind,
    key: change.keyId,
    ...('live' in change ? { id: change.live.id } : {}),
    name: 'desired' in change ? change.desired.name : change.live.name,
    generation: 'generation' in change ? change.generation : null,
    reasons: reasonsOf(change, now).map(({ code, text }) => ({ code, message: breakable(text) })),
    fields,
    ...(newKey === null ? {} : { new_key: newKey }),
    widens: widenedFields(change).length > 0,
    loses_access: losesAccess(change, now),
    stores:
      change.kind === 'adopt' ||
      change.kind === 'update' ||
      change.kind === 'release' ||
      change.kind === 'revoke'
        ? []
        : change.desired.stores.map(({ spec }) => storeLabel(spec)),
    removed_stores: 'removal' in change ? change.removal.from.map(({ spec }) => storeLabel(spec)) : [],
    programs: changePrograms(change),
    ...(change.kind === 'heal'
      ? {
          pending: change.pending.map(({ live }) => keyToJson(live)),
          excess: change.excess.map(({ id }) => id),
        }
      : {}),
    ...(change.kind === 'rotate' || change.kind === 'deliver' ? { strategy: change.strategy } : {}),
    ...(change.kind === 'deliver' ? { rotates: change.rotates } : {}),
    ...(change.kind === 'update' ? { superseded: change.superseded } : {}),
    ...(change.kind === 'rotate' && change.leaked.length > 0
      ? { leaked: change.leaked.map(({ id }) => id) }
      : {}),
    ...(finishing.length === 0 ? {} : { finishing }),
    ...(narrowing.length === 0 ? {} : { narrowing }),
    ...('predecessors' in change ? { retires: change.predecessors.map(({ id }) => id) } : {}),
  }
}

function keyFieldsToJson({
  live: { id },
  fields,
}: {
  readonly live: Pick<LiveKey, 'id'>
  readonly fields: readonly FieldChange[]
}): KeyFieldsJson {
  return { id, fields: fields.map(writtenToJson) }
}

function writtenToJson(field: WrittenField): FieldJson {
  return { ...fieldToJson(field), cause: field.cause, widens: field.widens, narrows: narrows(field) }
}

function fieldToJson(values: FieldValues): Pick<FieldJson, 'field' | 'current' | 'desired'> {
  const { field, current, desired } = values
  if (values.field !== 'expires')
    return { field, current, desired } as Pick<FieldJson, 'field' | 'current' | 'desired'>
  return { field, current: endToJson(values.current), desired: endToJson(values.desired) }
}
