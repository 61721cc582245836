import { transition } from '../lifecycle/transitions.ts'
import type { Adopt, Release, Update } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import { type FieldChange, isRename } from '../model/field-change.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { EmergencyGrant, Marker } from '../model/marker.ts'
import { noRemoval } from '../model/removal.ts'
import type { Patch } from '../model/verb.ts'
import { placeOf } from '../plan/place.ts'
import { proofOf } from '../plan/find-proof.ts'
import type { Done } from './ledger.ts'
import { markerOf, timeOf } from './markers.ts'
import { retiredMarker } from './retire-predecessors.ts'
import type { Run } from './run.ts'
import { requireProof } from './still-proven.ts'
import { takeOut } from './take-out.ts'
import { type Note, patchAsSeen, patchMarked, patchOf } from './write.ts'

/** What one PATCH writes: fields and the next marker. */
interface Writing {
  readonly live: LiveKey
  readonly fields: readonly FieldChange[]
  /** Null: description and marker stay as they are. */
  readonly note: Note | null
}

/** A change that was carried out, and its key as it is then. */
export interface Patched {
  readonly done: Done
  readonly live: LiveKey
}

/** The verb `patch`. `marked`: keys that this run marked before, as they are since then. */
export async function patch(change: Patch, marked: ReadonlyMap<string, LiveKey>, run: Run): Promise<Patched> {
  const live = marked.get(change.live.id) ?? change.live
  const removal = change.kind === 'update' ? change.removal : noRemoval
  // The store that it leaves may be the one that proves it.
  if (change.kind === 'update') await requireProof({ ...change, live }, run)
  const { removed, forgotten, trouble } = await takeOut(removal, run)
  const patched = await write(writingOf({ ...change, live }, forgotten, run), run)
  if (trouble !== null) throw trouble
  return { done: { action: actions[change.kind], liveId: live.id, places: [], removed }, live: patched }
}

const actions = { adopt: 'adopted', update: 'updated', release: 'released' } as const

function writingOf(change: Patch, forgotten: readonly string[], run: Run): Writing {
  switch (change.kind) {
    case 'adopt':
      return adoption(change, run)
    case 'update':
      return update(change, forgotten, run)
    case 'release':
      return release(change, run)
  }
}

/** Its secret is not ours to know: nothing but the marker, and the fields that differ, is written. */
function adoption({ live, desired, generation, fields }: Adopt, run: Run): Writing {
  const { stack } = run.desired
  const marker = transition(
    null,
    { kind: 'adopted', stack, desired, generation, nonce: run.nonce() },
    live.id,
  )
  // A name is not proof: whoever deletes a key can make its name anew.
  const proven = desired.adopt === live.id
  return { live, fields, note: { description: desired.description, marker, proven } }
}

function update(change: Update, forgotten: readonly string[], run: Run): Writing {
  switch (change.mark.event) {
    case 'updated':
      return ofHead(change, forgotten, run)
    case 'narrowed':
      return ofRetiring(change, run)
    case 'retired':
      return retirement(change, change.mark.successor, run)
    case 'granted':
      return emergency(change, change.mark.grant, run)
    case 'recognised':
      return recognition(change, change.mark.generation, run)
  }
}

function retirement({ live, desired, fields }: Update, successor: string, run: Run): Writing {
  const marker = retiredMarker(live, successor, desired, run)
  return { live, fields, note: { description: live.description, marker, proven: false } }
}

/** The head lost its marker, and a store has proven that it is the head. */
function recognition({ live, desired, fields, proof }: Update, generation: number, run: Run): Writing {
  const { localKeys } = run.options
  const event = {
    kind: 'recognised',
    stack: run.desired.stack,
    desired,
    live,
    generation,
    nonce: run.nonce(),
    at: timeOf(live, run),
    host: localKeys.has(desired.keyId) ? placeOf(desired.keyId, run.options) : null,
  } as const
  return {
    live,
    fields,
    note: {
      description: desired.description,
      marker: transition(null, event, live.id),
      proven: proof !== null,
    },
  }
}

/**
 * Was it proven in this run, or does a signature or the configuration prove it? What a store holds was compared by its end alone, unless the
 * change needed that proof.
 */
function isProven({ live, desired, proof }: Update, { options }: Run): boolean {
  return proof !== null || proofOf(desired, live, { ...options, held: new Map() }) !== null
}

function ofHead(change: Update, forgotten: readonly string[], run: Run): Writing {
  const { live, desired, fields } = change
  const marker = transition(named(live, desired, run), { kind: 'updated', desired, forgotten }, live.id)
  return { live, fields, note: { description: desired.description, marker, proven: isProven(change, run) } }
}

/** Everything but the permissions stays as it is, and its marker tells what it was given. */
function emergency(change: Update, grant: EmergencyGrant, run: Run): Writing {
  const { live, fields } = change
  const marker = transition(markerOf(live), { kind: 'granted', grant }, live.id)
  return { live, fields, note: { description: live.description, marker, proven: isProven(change, run) } }
}

/** The marker under the names of today. */
function named(live: LiveKey, { keyId }: DesiredKey, { desired: { stack } }: Run): Marker {
  return transition(markerOf(live), { kind: 'renamed', stack, keyId }, live.id)
}

/** Its name, its description and its state stay as they are. */
function ofRetiring(
  { live, desired, fields }: Pick<Update, 'live' | 'desired' | 'fields'>,
  run: Run,
): Writing {
  if (!fields.some(isRename)) return { live, fields, note: null }
  const marker = named(live, desired, run)
  return { live, fields, note: { description: live.description, marker, proven: false } }
}

function release({ live }: Release, { clock }: Run): Writing {
  const marker = transition(markerOf(live), { kind: 'released', at: clock() }, live.id)
  return { live, fields: [], note: { description: live.description, marker, proven: false } }
}

/** Sends one PATCH. */
async function write({ live, fields, note }: Writing, run: Run): Promise<LiveKey> {
  const sent = patchOf(fields)
  if (note === null) return await patchAsSeen(live, sent, run)
  return await patchMarked(live, sent, note, run)
}

/** Says in the marker that others know the secret. */
export async function leak(live: LiveKey, keyId: string, run: Run): Promise<LiveKey> {
  const { stack } = run.desired
  const marker = transition(markerOf(live), { kind: 'leaked', stack, keyId }, live.id)
  const note = { description: live.description, marker, proven: false }
  return await write({ live, fields: [], note }, run)
}

/** Takes from a retiring key what its successor's declaration does not grant, as planned. */
export async function narrow(
  live: LiveKey,
  desired: DesiredKey,
  fields: readonly FieldChange[],
  run: Run,
): Promise<void> {
  if (fields.length > 0) await write(ofRetiring({ live, desired, fields }, run), run)
}
