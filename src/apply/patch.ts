import { transition } from '../lifecycle/transitions.ts'
import type { Adopt, Release, Update } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Marker } from '../model/marker.ts'
import { noRemoval } from '../model/removal.ts'
import type { Patch } from '../model/verb.ts'
import type { Done } from './ledger.ts'
import { markerOf } from './markers.ts'
import type { Run } from './run.ts'
import { takeOut } from './take-out.ts'
import { patchAsSeen, patchMarked, patchOf } from './write.ts'

/** What one PATCH writes: fields and the next marker. */
interface Writing {
  readonly live: LiveKey
  readonly fields: readonly FieldChange[]
  /** Null: description and marker stay as they are. */
  readonly note: { readonly description: string; readonly marker: Marker } | null
}

/** The verb `patch`. `marked`: keys that this run marked before, as they are since then. */
export async function patch(change: Patch, marked: ReadonlyMap<string, LiveKey>, run: Run): Promise<Done> {
  const live = marked.get(change.live.id) ?? change.live
  const removal = change.kind === 'update' ? change.removal : noRemoval
  const { removed, forgotten, trouble } = await takeOut(removal, run)
  await write(writingOf({ ...change, live }, forgotten, run), run)
  if (trouble !== null) throw trouble
  return { action: actions[change.kind], liveId: live.id, places: [], removed }
}

const actions = { adopt: 'adopted', update: 'updated', release: 'released' } as const

function writingOf(change: Patch, forgotten: readonly string[], run: Run): Writing {
  switch (change.kind) {
    case 'adopt':
      return adoption(change, run)
    case 'update':
      return change.superseded ? ofSuperseded(change) : ofHead(change, forgotten)
    case 'release':
      return release(change, run)
  }
}

/** Its secret is not ours to know: nothing but the marker, and the fields that differ, is written. */
function adoption({ live, desired, generation, fields }: Adopt, run: Run): Writing {
  const { stack } = run.desired
  const marker = transition(null, { kind: 'adopted', stack, desired, generation, nonce: run.nonce() })
  return { live, fields, note: { description: desired.description, marker } }
}

function ofHead({ live, desired, fields }: Update, forgotten: readonly string[]): Writing {
  const marker = transition(markerOf(live), { kind: 'updated', desired, forgotten })
  return { live, fields, note: { description: desired.description, marker } }
}

/** Its name, its description and its state stay as they are. */
function ofSuperseded({ live, desired, fields }: Pick<Update, 'live' | 'desired' | 'fields'>): Writing {
  if (!fields.some(({ field }) => field === 'key id')) return { live, fields, note: null }
  const marker = transition(markerOf(live), { kind: 'renamed', keyId: desired.keyId })
  return { live, fields, note: { description: live.description, marker } }
}

function release({ live }: Release, { clock }: Run): Writing {
  const marker = transition(markerOf(live), { kind: 'released', at: clock() })
  return { live, fields: [], note: { description: live.description, marker } }
}

/** Sends one PATCH. What has to be asked before a key is given more belongs at the top. */
async function write({ live, fields, note }: Writing, run: Run): Promise<LiveKey> {
  const sent = patchOf(fields)
  if (note === null) return await patchAsSeen(live, sent, run)
  return await patchMarked(live, sent, note.description, note.marker, run)
}

/** Says in the marker that others know the secret. */
export async function leak(live: LiveKey, run: Run): Promise<LiveKey> {
  const marker = transition(markerOf(live), { kind: 'leaked' })
  return await write({ live, fields: [], note: { description: live.description, marker } }, run)
}

/** Takes from a superseded key what its successor's declaration does not grant, as planned. */
export async function narrow(
  live: LiveKey,
  desired: DesiredKey,
  fields: readonly FieldChange[],
  run: Run,
): Promise<void> {
  if (fields.length > 0) await write(ofSuperseded({ live, desired, fields }), run)
}
