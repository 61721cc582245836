import { isDeepStrictEqual } from 'node:util'
import type { Plan } from '../../../src/model/change.ts'
import { endOfLife } from '../../../src/model/lifetime.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Report } from '../../../src/model/outcome.ts'
import type { KeyPatch, NewKey } from '../../../src/platform/types.ts'
import { type PlanJson, planToJson } from '../../../src/render/plan/plan-json.ts'
import { isoTime } from '../../../src/render/text/time.ts'
import type { Watch } from './watched.ts'
import { type HistoryWorld, breaks } from './history-world.ts'

/** One write of a run that the platform carried out. */
export type Write =
  | { readonly kind: 'create'; readonly id: string; readonly asked: NewKey }
  | { readonly kind: 'regenerate' | 'revoke'; readonly id: string }
  /** `before`: the key as it was. */
  | { readonly kind: 'update'; readonly id: string; readonly patch: KeyPatch; readonly before: LiveKey }

type ChangeJson = PlanJson['changes'][number]
type Fields = Readonly<Record<string, unknown>>

/** The fields that a request writes, in the words of a plan. What is not written is missing. */
function written({ name, scope, permissions, expiresAt, description }: KeyPatch, before: LiveKey): Fields {
  return {
    ...(name === undefined ? {} : { name }),
    ...(scope === undefined ? {} : { scope }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(expiresAt === undefined ? {} : { expires: expiresAt === null ? null : isoTime(expiresAt) }),
    // What is left of a damaged marker is text.
    ...(description === undefined ||
    description.text === before.description ||
    before.ownership.kind === 'unreadable'
      ? {}
      : { description: description.text }),
  }
}

/** The fields of the platform; the others stand in the marker. */
const platformFields: readonly string[] = ['name', 'description', 'scope', 'permissions', 'expires']

/** A successor is made, and its fields are compared with those of the key that it replaces, which gets none of them. */
function isAboutSuccessor({ action, strategy, rotates }: ChangeJson): boolean {
  return strategy === 'overlap' && (action === 'rotate' || rotates === true)
}

function isAbout(change: ChangeJson, liveId: string): boolean {
  if (isAboutSuccessor(change)) return false
  return change.id === liveId || (change.pending ?? []).some(({ id }) => id === liveId)
}

/** What a plan lists for one live key. */
function listedFor(id: string, changes: readonly ChangeJson[]): ReadonlyMap<string, unknown> {
  const fields = changes
    .filter(change => isAbout(change, id))
    .flatMap(({ fields, finishing = [], pending = [] }) => {
      const isOlder = pending.slice(1).some(each => each.id === id)
      return isOlder ? finishing.filter(each => each.id === id).flatMap(each => each.fields) : fields
    })
  return new Map(fields.map(({ field, desired }) => [field, desired] as const))
}

const makers: readonly ChangeJson['action'][] = ['create', 'rotate', 'deliver', 'heal']

/** It was to be finished or delivered again, and the plan says what is taken from it where another key takes its place after all. */
function isNarrowed(id: string, field: string, value: unknown, changes: readonly ChangeJson[]): boolean {
  const narrowing = changes.flatMap(change => change.narrowing ?? []).filter(each => each.id === id)
  return narrowing.some(({ fields }) =>
    fields.some(each => each.field === field && isDeepStrictEqual(each.desired, value)),
  )
}

/** A regeneration moves the end of a key: what follows counts from then, or puts it back to where it was. */
function isNewEnd(
  field: string,
  value: unknown,
  { id }: Write,
  plan: Plan,
  { writes }: Watch,
  isListed: boolean,
): boolean {
  const isRegenerated = writes.some(write => write.kind === 'regenerate' && write.id === id)
  const [live] = plan.changes.flatMap(change =>
    'live' in change && change.live.id === id ? [change.live] : [],
  )
  if (field !== 'expires' || !isRegenerated || live === undefined) return false
  return isListed || value === (live.expiresAt === null ? null : isoTime(live.expiresAt))
}

/** Why nothing that a plan lists explains a write; null where something does. */
function unexplained(write: Write, changes: readonly ChangeJson[], plan: Plan, watch: Watch): string | null {
  const { born } = watch
  const isNamed = (action: ChangeJson['action']) =>
    changes.some(change => change.action === action && change.id === write.id)
  switch (write.kind) {
    case 'create': {
      const keyId = write.asked.marker?.keyId
      const change = changes.find(({ action, key }) => makers.includes(action) && key === keyId)
      if (change === undefined) return 'no change makes a key'
      return madeOtherwise(change, write.asked, plan) ?? unlisted(change, write.asked)
    }
    case 'regenerate':
      return isNamed('rotate') || isNamed('deliver') ? null : 'it is regenerated'
    case 'revoke': {
      const isHealed = changes.some(
        ({ pending = [], excess = [] }) =>
          pending.some(({ id }) => id === write.id) || excess.includes(write.id),
      )
      return isNamed('revoke') || isHealed || born.has(write.id) ? null : 'it is revoked'
    }
    case 'update': {
      const fields = Object.entries(written(write.patch, write.before))
      if (born.has(write.id)) return fields.length === 0 ? null : 'a new key is changed'
      const isListed = changes.some(
        ({ id, pending = [], retires = [] }) =>
          id === write.id || retires.includes(write.id) || pending.some(each => each.id === write.id),
      )
      if (!isListed) return 'no change names it'
      const listed = listedFor(write.id, changes)
      const hidden = fields.find(
        ([field, value]) =>
          !isDeepStrictEqual(listed.get(field), value) &&
          !isNarrowed(write.id, field, value, changes) &&
          !isNewEnd(field, value, write, plan, watch, listed.has(field)),
      )
      if (hidden !== undefined) return `${hidden[0]} becomes ${JSON.stringify(hidden[1])}`
      return unlistedState(write, changes)
    }
  }
}

/** The state that a marker gets without being listed for it, where a secret ends by it; null where there is none. */
function unlistedState(
  { id, patch, before }: Extract<Write, { kind: 'update' }>,
  changes: readonly ChangeJson[],
): string | null {
  const state = patch.description?.marker?.state.kind
  if (before.ownership.kind === 'managed' && before.ownership.marker.state.kind === state) return null
  const isListed = {
    retiring: ({ retires = [], id: about, fields }: ChangeJson) =>
      retires.includes(id) ||
      (about === id && fields.some(({ field, desired }) => field === 'state' && desired === 'retiring')),
    leaked: ({ leaked = [] }: ChangeJson) => leaked.includes(id),
  }
  if (state !== 'retiring' && state !== 'leaked') return null
  return changes.some(isListed[state]) ? null : `its marker says ${state}`
}

/** A field in which a key is made otherwise than the plan says; null where there is none. */
function madeOtherwise(
  { new_key: listed, pending = [] }: ChangeJson,
  asked: NewKey,
  { now }: Plan,
): string | null {
  if (listed === undefined) return 'the plan says nothing of a key that is made'
  const { name, description, environment, scope, permissions, marker } = asked
  const end = endOfLife(asked.expires, now)
  const expires = end === null ? null : isoTime(end)
  // A request that is made once more says what its first one said; the marker that its delivery writes is as declared.
  const isRepeated = pending.length > 0 && marker?.binding.kind === 'key'
  const protect = isRepeated ? listed.protect : marker?.protected
  const made = { name, description, environment, scope, permissions, expires, protect }
  for (const [field, value] of Object.entries(made)) {
    if (!isDeepStrictEqual(listed[field as keyof typeof listed], value))
      return `it is made with ${field} ${JSON.stringify(value)}`
  }
  return null
}

/** A field in which a successor is not what the plan says that changes; null where there is none. */
function unlisted(change: ChangeJson, asked: NewKey): string | null {
  if (!isAboutSuccessor(change)) return null
  for (const { field, desired } of change.fields) {
    if (field !== 'name' && field !== 'description' && field !== 'scope' && field !== 'permissions') continue
    if (!isDeepStrictEqual(asked[field], desired)) return `${field} is ${JSON.stringify(asked[field])}`
  }
  return null
}

/** What a plan lists and a run that did it all did not write. */
function unwritten(change: ChangeJson, writes: readonly Write[]): readonly string[] {
  const { action, id, key } = change
  const does = (kind: Write['kind']) => writes.some(write => write.kind === kind && write.id === id)
  const isMade = writes.some(write => write.kind === 'create' && write.asked.marker?.keyId === key)
  if (action === 'revoke') return does('revoke') ? [] : ['revoked']
  if (action === 'create') return isMade ? [] : ['created']
  if (action === 'release') return does('update') ? [] : ['released']
  if (isMade || does('regenerate')) return []
  if (action === 'rotate') return ['rotated']
  // Of several pending keys one is finished.
  const ids = action === 'heal' ? (change.pending ?? []).map(each => each.id) : [id ?? '']
  const missing = ids.map(each => missingOf(each, change, writes))
  return missing.find(none => none.length === 0) ?? missing[0] ?? []
}

/** The fields of the platform that are listed for a key and were not written to it. */
function missingOf(id: string, change: ChangeJson, writes: readonly Write[]): readonly string[] {
  const done = writes.flatMap(write =>
    write.kind === 'update' && write.id === id
      ? [
          ...Object.keys(written(write.patch, write.before)),
          ...(write.patch.description === undefined ? [] : ['description']),
        ]
      : [],
  )
  return [...listedFor(id, [change]).keys()].filter(
    field => platformFields.includes(field) && !done.includes(field),
  )
}

/** What `plan --json` lists is what is written, key by key and field by field; what the gate withholds aside. */
export function judgeWrites(plan: Plan, report: Report, watch: Watch, world: HistoryWorld): void {
  const { changes } = planToJson(plan)
  for (const write of watch.writes) {
    const why = unexplained(write, changes, plan, watch)
    if (why !== null) breaks(world, `the plan does not list what is written to ${write.id}: ${why}`)
  }
  plan.changes.forEach((change, index) => {
    const [outcome] = report.outcomes.filter(each => each.change === change)
    const json = changes[index]
    if (outcome?.status !== 'done' || json === undefined) return
    for (const what of unwritten(json, watch.writes))
      breaks(world, `${json.action} ${json.key} is done, and this was not written: ${what}`)
  })
}
