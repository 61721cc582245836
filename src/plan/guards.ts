import type { Change } from '../model/change.ts'
import type { Finding } from '../model/finding.ts'
import { day } from '../model/duration.ts'
import { permissionsBeyond } from '../model/permission.ts'
import { reachesBeyond, scopeBeyond } from '../model/scope.ts'
import { closest } from '../model/suggest.ts'
import { isProvision } from '../model/verb.ts'
import { widenedFields } from '../model/widening.ts'
import type { LiveKey } from '../model/live-key.ts'
import { newEnds, withheldEnds } from './adopted-ends.ts'
import { unreadableKeyIds } from './doubted-keys.ts'
import type { Facts } from './facts.ts'
import { grantsNearEnd } from './grant-ends.ts'
import type { CurrentState } from './input.ts'
import { isUnused } from '../lifecycle/last-use.ts'
import { markedAsOurs } from './marked-as-ours.ts'
import { madeElsewhere, renames } from './plan-renames.ts'

/** What must not be done, or has to be said, of a plan's changes as a whole. */
type Guard = (changes: readonly Change[], facts: Facts) => readonly Finding[]

/** How near a fixed end must be to be worth a warning. */
const near = 14 * day

/** A key of that name may be the very key meant: two of them would be one too many. */
const nameTaken: Guard = (changes, { owned, current: { doubts } }) => {
  const ours = new Set(changes.flatMap(markedAsOurs))
  const notOurs = [...owned.unmanaged, ...owned.released, ...owned.unreadable, ...owned.copied].filter(
    live => !ours.has(live),
  )
  const named = [...notOurs, ...doubts.unreadable.map(({ id, name }) => ({ id: id ?? 'a key', name }))]
  return changes.flatMap((change): Finding[] => {
    if (change.kind !== 'create') return []
    const { keyId, desired } = change
    const liveIds = named.filter(({ name }) => name === desired.name).map(({ id }) => id)
    if (liveIds.length === 0) return []
    return [{ severity: 'held', code: 'name-taken', keyId, name: desired.name, liveIds: liveIds.sort() }]
  })
}

/** One live key cannot become two. */
const claimedTwice: Guard = changes => {
  const adoptions = changes.filter(change => change.kind === 'adopt')
  return adoptions.flatMap(({ keyId, desired: { adopt }, live }): Finding[] => {
    if (changes.filter(change => markedAsOurs(change).includes(live)).length === 1) return []
    const rest = { adopt: adopt ?? '', liveIds: [live.id], owner: null, suggestion: null }
    return [{ severity: 'held', code: 'cannot-adopt', cause: 'claimed-twice', keyId, ...rest }]
  })
}

/** The platform would refuse such a grant in the middle of a run; the plan refuses it before. */
const grantsBeyondCaller: Guard = (changes, { current }) => {
  const caller = current.caller.key
  if (caller === null) return []
  const said = new Set<string>()
  return changes.flatMap((change): Finding[] => {
    if (change.kind === 'revoke' || change.kind === 'release' || said.has(change.keyId)) return []
    const patches = change.kind === 'update' || change.kind === 'adopt'
    if (patches && !change.fields.some(({ widens }) => widens)) return []
    const { keyId, desired } = change
    const permissions = permissionsBeyond(desired.permissions, caller.permissions)
    const scope = scopeBeyond(desired.scope, caller.scope)
    if (permissions.length === 0 && scope.length === 0) return []
    said.add(keyId)
    return [
      {
        severity: 'held',
        code: 'grants-beyond-caller',
        keyId,
        permissions,
        held: caller.permissions,
        scope,
      },
    ]
  })
}

const unknownProjects: Guard = (_changes, { chosen, current: { projects } }) => {
  if (projects === null) return []
  return chosen.flatMap(({ keyId, scope }) =>
    (scope === 'all' ? [] : scope)
      .filter(project => !projects.includes(project))
      .map((project): Finding => {
        const suggestion = closest(project, projects)
        return { severity: 'held', code: 'unknown-project', keyId, project, suggestion }
      }),
  )
}

/** Where widening is forbidden, whoever wants more has to say so for each run. */
const wideningForbidden: Guard = (changes, { desired, options }) => {
  if (options.widening === 'allow') return []
  const declared = desired.policy.forbid.includes('widening')
  if (options.widening === 'as-declared' && !declared) return []
  const widened = changes
    // Its own policy has let somebody do it.
    .filter(change => change.kind !== 'update' || change.mark.event !== 'granted')
    .map(change => ({ keyId: change.keyId, fields: widenedFields(change) }))
    .filter(({ fields }) => fields.length > 0)
    .sort((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0))
  if (widened.length === 0) return []
  const by = declared ? 'policy' : 'flag'
  return [{ severity: 'refusal', code: 'widening-forbidden', by, changes: changes.length, widened }]
}

/** Whoever may not see every key cannot know what is missing, what is a duplicate, nor whether two names are in use. */
const partOfListing: Guard = (changes, { current }) => {
  if (seesEverything(current)) return []
  const made = changes.filter(change => isProvision(change) || change.kind === 'adopt' || renames(change))
  const keyIds = [...new Set(made.map(({ keyId }) => keyId))].sort()
  if (keyIds.length === 0) return []
  return [
    current.complete
      ? { severity: 'held', code: 'listing-narrowed', keyIds }
      : { severity: 'refusal', code: 'listing-incomplete', keyIds },
  ]
}

export function seesEverything({ caller, complete }: CurrentState): boolean {
  return complete && (caller.key === null || !reachesBeyond('all', caller.key.scope))
}

/** Whoever asks for a rotation must not take a plan without one for done. */
const notRotated: Guard = (changes, facts) =>
  facts.chosen.flatMap(({ keyId, expires }): Finding[] => {
    const { owned, options, now } = facts
    if (!options.rotate.has(keyId)) return []
    const kinds = changes.filter(change => change.keyId === keyId).map(({ kind }) => kind)
    if (kinds.some(kind => kind === 'rotate' || kind === 'create' || kind === 'heal')) return []
    const held = { severity: 'held', code: 'not-rotated', keyId } as const
    if (unreadableKeyIds(facts).has(keyId)) return [{ ...held, cause: 'key-unreadable' }]
    if (kinds.includes('adopt')) return [{ ...held, cause: 'not-adopted' }]
    if (expires.kind === 'until' && expires.at <= now) return [{ ...held, cause: 'date-past' }]
    const lineage = owned.lineages.get(keyId)
    const isBeingMade = lineage === undefined || lineage.head === null || lineage.pending.length > 0
    return [{ ...held, cause: isBeingMade ? 'pending' : 'other-host' }]
  })

const fixedEnds: Guard = (_changes, { chosen, now }) =>
  chosen.flatMap(({ keyId, expires }): Finding[] => {
    if (expires.kind !== 'until' || expires.at - now > near) return []
    const { at } = expires
    return [{ severity: 'warning', code: at <= now ? 'date-past' : 'date-near', keyId, at }]
  })

/** A declared key that nobody uses may have lost its purpose. */
const unusedDeclared: Guard = (_changes, { desired, chosen, owned, now }) => {
  const { unused } = desired.prune
  if (unused === null) return []
  return chosen.flatMap(({ keyId }): Finding[] => {
    const live = owned.lineages.get(keyId)?.head?.live
    if (live === undefined || !isUnused(live, unused.after, now)) return []
    return [{ severity: 'warning', code: 'unused-declared', keyId, liveId: live.id, after: unused.after }]
  })
}

/** Live keys that no change speaks of. */
function withoutTaken(keys: readonly LiveKey[], changes: readonly Change[]): readonly LiveKey[] {
  const taken = new Set(changes.flatMap(change => ('live' in change ? [change.live.id] : [])))
  return keys.filter(({ id }) => !taken.has(id))
}

/** A copied marker makes nothing ours, so whoever copied it hears of it. */
const copiedMarkers: Guard = (changes, { owned }) => {
  return withoutTaken(owned.copied, changes).flatMap(({ id: liveId, name, ownership }): Finding[] => {
    if (ownership.kind !== 'copied') return []
    return [{ severity: 'warning', code: 'marker-copied', keyId: ownership.marker.keyId, liveId, name }]
  })
}

const unreadableMarkers: Guard = (changes, { owned }) =>
  withoutTaken(owned.unreadable, changes).map(({ id, name }) => ({
    severity: 'warning',
    code: 'marker-unreadable',
    liveId: id,
    name,
  }))

/** Of the declared keys and their changes: whose key id is held back, and what concerns the whole. */
export const keyGuards: readonly Guard[] = [
  nameTaken,
  claimedTwice,
  unknownProjects,
  grantsBeyondCaller,
  partOfListing,
  notRotated,
]

/** Of what is left to do. */
export const planGuards: readonly Guard[] = [
  copiedMarkers,
  unreadableMarkers,
  madeElsewhere,
  fixedEnds,
  grantsNearEnd,
  withheldEnds,
  newEnds,
  unusedDeclared,
  wideningForbidden,
]
