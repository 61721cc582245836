import type { CalendarEntry } from '../model/calendar.ts'
import type { Plan } from '../model/change.ts'
import type { DesiredKey } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { endOfLife } from '../model/lifetime.ts'
import type { LiveKey } from '../model/live-key.ts'
import { dueAt, rotationReasons, strategyOf } from '../lifecycle/due.ts'
import { type Lineage, storeTop } from '../lifecycle/lineage.ts'

/** A key that holds a declaration's secret at some time to come: one that is live, or one that will be made. */
interface Holder {
  readonly live: LiveKey
  readonly made: boolean
  readonly generation: number
}

function successor(desired: DesiredKey, { live, generation }: Holder, at: Instant, inPlace: boolean): Holder {
  return {
    live: {
      ...live,
      createdAt: at,
      regeneratedAt: inPlace ? at : null,
      expiresAt: endOfLife(desired.expires, at),
      environment: live.environment === undefined ? undefined : (desired.environment ?? live.environment),
      status: 'active',
    },
    made: inPlace,
    generation: generation + 1,
  }
}

function entryOf({ keyId, name }: DesiredKey, { live, made, generation }: Holder, at: Instant) {
  return { at, keyId, name, liveId: made ? live.id : null, generation }
}

/** One key's rotations, one after the other, and the retirement of each predecessor. */
function rotations(
  desired: DesiredKey,
  first: { readonly holder: Holder; readonly from: Instant },
  slot: number | undefined,
  callerId: string | null,
  until: Instant,
): readonly CalendarEntry[] {
  const entries: CalendarEntry[] = []
  let { holder, from } = first
  for (;;) {
    const at = dueAt(desired, holder.live, slot, from)
    const past = desired.expires.kind === 'until' && (at ?? 0) >= desired.expires.at
    if (at === null || at > until || past) return entries
    const strategy = strategyOf(desired, holder.live, holder.made ? callerId : null, at)
    const reasons = rotationReasons(desired, holder.live, slot, at)
    entries.push({ ...entryOf(desired, holder, at), event: 'rotates', strategy, reasons })
    const deadline = at + desired.rotation.grace
    if (strategy === 'overlap' && deadline <= until) {
      const reason = { code: 'superseded', head: holder.generation + 1, deadline } as const
      entries.push({ ...entryOf(desired, holder, deadline), event: 'retires', reason })
    }
    // A rotation that is due again at once would be a configuration that the loader refuses; time must pass anyway.
    from = at + 1
    holder = successor(desired, holder, at, strategy === 'in-place')
  }
}

/** What the plan of this moment does to one key first: from when on which key holds its secret. */
function beginning(
  desired: DesiredKey,
  lineage: Lineage,
  { changes, now }: Plan,
): { readonly entries: readonly CalendarEntry[]; readonly holder: Holder; readonly from: Instant } {
  const known = storeTop(lineage) ?? lineage.pending[0]
  const holder: Holder =
    known === undefined
      ? { live: unmade(desired, now), made: false, generation: 1 }
      : { live: known.live, made: true, generation: known.marker.generation }
  const change = changes.find(
    ({ kind, keyId }) => keyId === desired.keyId && (kind === 'rotate' || kind === 'deliver'),
  )
  const renews = change?.kind === 'rotate' || (change?.kind === 'deliver' && change.rotates) ? change : null
  if (renews === null) return { entries: [], holder, from: now }
  const { strategy, reasons } = renews
  const entries: CalendarEntry[] = [{ ...entryOf(desired, holder, now), event: 'rotates', strategy, reasons }]
  if (strategy === 'overlap' && lineage.head !== null) {
    const deadline = now + desired.rotation.grace
    const reason = { code: 'superseded', head: renews.generation, deadline } as const
    entries.push({ ...entryOf(desired, holder, deadline), event: 'retires', reason })
  }
  return { entries, holder: successor(desired, holder, now, strategy === 'in-place'), from: now }
}

function unmade(
  { name, description, environment, scope, permissions, expires }: DesiredKey,
  now: Instant,
): LiveKey {
  return {
    id: '',
    name,
    description,
    ownership: { kind: 'unmanaged' },
    maskedKey: '',
    environment,
    scope,
    permissions,
    createdAt: now,
    regeneratedAt: null,
    expiresAt: endOfLife(expires, now),
    lastUse: { known: false },
    status: 'active',
    version: null,
  }
}

/** What time does to one declared key and its successors until `until`, beginning with what the plan of this moment does. */
export function declaredEntries(
  desired: DesiredKey,
  lineage: Lineage,
  plan: Plan,
  slot: number | undefined,
  callerId: string | null,
  until: Instant,
): readonly CalendarEntry[] {
  const { head } = lineage
  const { entries, holder, from } = beginning(desired, lineage, plan)
  // Nobody rotates what was adopted, unless a successor of it is being made.
  if (head?.marker.state.kind === 'external' && entries.length === 0) {
    const { live } = head
    const entry = entryOf(
      desired,
      { live, made: true, generation: head.marker.generation },
      live.expiresAt ?? 0,
    )
    return live.expiresAt === null ? [] : [{ ...entry, event: 'expires', why: 'external' }]
  }
  const further = rotations(desired, { holder, from }, slot, callerId, until)
  const rotationCount = further.filter(({ event }) => event === 'rotates').length
  const last: Holder = {
    ...holder,
    made: holder.made && rotationCount === 0,
    generation: holder.generation + rotationCount,
  }
  const end: readonly CalendarEntry[] =
    desired.expires.kind === 'until'
      ? [{ ...entryOf(desired, last, desired.expires.at), event: 'expires', why: 'fixed-date' }]
      : []
  return [...entries, ...further, ...end]
}
