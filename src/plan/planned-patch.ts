import { transition } from '../lifecycle/transitions.ts'
import type { Adopt, Update } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { type FieldChange, isRename } from '../model/field-change.ts'
import { type LiveKey, markerOf } from '../model/live-key.ts'
import type { EmergencyGrant, Marker } from '../model/marker.ts'
import { type Removal, noRemoval } from '../model/removal.ts'
import type { Patch } from '../model/verb.ts'
import { proofOf } from './find-proof.ts'
import type { PlanOptions } from './input.ts'
import { placeOf } from './place.ts'

/** What stands in a key's description. */
export interface Note {
  /** Cut where there is no room for it next to the marker. */
  readonly description: string
  readonly marker: Marker
  /** The key is shown to be ours by more than its former marker: only then may a state that grants something be signed. */
  readonly proven: boolean
}

/** What is known only once a patch is sent. */
export interface AtPatch {
  /** The key as it is by then: this run may have marked it meanwhile. */
  readonly live: LiveKey
  readonly at: Instant
  /** Hashes of stores that hold its secret no more. */
  readonly forgotten: readonly string[]
  /** For a marker that has none to carry on. */
  readonly nonce: () => string
}

/** What one PATCH writes: fields, and the function that makes the next marker. */
export interface PlannedPatch {
  readonly fields: readonly FieldChange[]
  /** Null: description and marker stay as they are. */
  readonly note: ((then: AtPatch) => Note) | null
  /** What is taken out of stores before. */
  readonly removal: Removal
  readonly action: 'adopted' | 'updated' | 'released'
}

/** What plans of one stack share. */
interface Planned {
  readonly stack: string
  readonly options: PlanOptions
}

/** All that a change of the verb `patch` writes. */
export function plannedPatch(change: Patch, planned: Planned): PlannedPatch {
  switch (change.kind) {
    case 'adopt':
      return { fields: change.fields, note: adoption(change, planned), removal: noRemoval, action: 'adopted' }
    case 'update': {
      const { fields, removal } = change
      return { fields, note: updated(change, planned), removal, action: 'updated' }
    }
    case 'release':
      return { fields: [], note: release, removal: noRemoval, action: 'released' }
  }
}

/** Its secret is not ours to know: nothing but the marker, and the fields that differ, is written. */
function adoption({ desired, generation }: Adopt, { stack }: Planned): PlannedPatch['note'] {
  return ({ live, nonce }) => ({
    description: desired.description,
    marker: transition(null, { kind: 'adopted', stack, desired, generation, nonce: nonce() }, live.id),
    // A name is not proof: whoever deletes a key can make its name anew.
    proven: desired.adopt === live.id,
  })
}

function updated(change: Update, planned: Planned): PlannedPatch['note'] {
  const { desired, mark } = change
  switch (mark.event) {
    case 'updated':
      return head(change, planned)
    case 'narrowed':
      return renamed(change, planned)
    case 'retired':
      return retirement(mark.successor, desired, planned)
    case 'granted':
      return emergency(change, mark.grant, planned)
    case 'recognised':
      return recognition(change, mark.generation, planned)
  }
}

/** The marker under the names of today. */
function named(
  live: LiveKey,
  { keyId }: Pick<DesiredKey, 'keyId'>,
  { stack }: Pick<Planned, 'stack'>,
): Marker {
  return transition(markerOf(live), { kind: 'renamed', stack, keyId }, live.id)
}

/**
 * Was it proven in this run, or does a signature or the configuration prove it? What a store holds was compared by its end alone, unless the
 * change needed that proof.
 */
function isProven({ desired, proof }: Update, live: LiveKey, { options }: Planned): boolean {
  return proof !== null || proofOf(desired, live, { ...options, held: new Map() }) !== null
}

function head(change: Update, planned: Planned): PlannedPatch['note'] {
  const { desired } = change
  return ({ live, forgotten }) => ({
    description: desired.description,
    marker: transition(named(live, desired, planned), { kind: 'updated', desired, forgotten }, live.id),
    proven: isProven(change, live, planned),
  })
}

/** A retiring key's name, description and state stay as they are: null where its marker does, too. */
export function renamed(
  { desired, fields }: Pick<Update, 'desired' | 'fields'>,
  planned: Pick<Planned, 'stack'>,
): PlannedPatch['note'] {
  if (!fields.some(isRename)) return null
  return ({ live }) => ({
    description: live.description,
    marker: named(live, desired, planned),
    proven: false,
  })
}

/** What a key says that retires for the one with the id `successor`. */
export function retirement(
  successor: string,
  desired: DesiredKey,
  { stack }: Pick<Planned, 'stack'>,
): (then: AtPatch) => Note {
  return ({ live, at, nonce }) => {
    const before = live.ownership.kind === 'managed' ? live.ownership.marker : null
    const graceUntil = at + desired.rotation.grace
    const event = {
      kind: 'retired',
      stack,
      desired,
      nonce: nonce(),
      live,
      successor,
      at,
      graceUntil,
    } as const
    return {
      description: live.description,
      marker: transition(before, event, live.id),
      proven: false,
    }
  }
}

/** Everything but the permissions stays as it is, and its marker tells what it was given. */
function emergency(change: Update, grant: EmergencyGrant, planned: Planned): PlannedPatch['note'] {
  return ({ live }) => ({
    description: live.description,
    marker: transition(markerOf(live), { kind: 'granted', grant }, live.id),
    proven: isProven(change, live, planned),
  })
}

/** The head lost its marker, and a store has proven that it is the head. */
function recognition(
  { desired, proof }: Update,
  generation: number,
  { stack, options }: Planned,
): PlannedPatch['note'] {
  const { keyId, description } = desired
  const host = options.localKeys.has(keyId) ? placeOf(keyId, options) : null
  return ({ live, at, nonce }) => {
    const event = { kind: 'recognised', stack, desired, live, generation, nonce: nonce(), at, host } as const
    return { description, marker: transition(null, event, live.id), proven: proof !== null }
  }
}

function release({ live, at }: AtPatch): Note {
  return {
    description: live.description,
    marker: transition(markerOf(live), { kind: 'released', at }, live.id),
    proven: false,
  }
}

/** What a key says of which others know the secret. */
export function leaked(keyId: string, { stack }: Pick<Planned, 'stack'>): (then: AtPatch) => Note {
  return ({ live }) => ({
    description: live.description,
    marker: transition(markerOf(live), { kind: 'leaked', stack, keyId }, live.id),
    proven: false,
  })
}
