import { staleness } from '../lifecycle/health.ts'
import { type Lineage, type ManagedKey, graceEnd, storeTop } from '../lifecycle/lineage.ts'
import type { Owned } from '../lifecycle/ownership.ts'
import { type KeyIdOf, possibleKeyIds } from '../lifecycle/renames.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isTargeted } from '../model/targets.ts'
import { keyAt } from '../model/desired-at.ts'
import { rotationReasons } from '../lifecycle/due.ts'
import { fieldChanges } from './fields.ts'
import type { PlanOptions } from './input.ts'
import { isHere } from './place.ts'
import { rotationSlots } from '../lifecycle/spread.ts'

/** What is known before any store is read. */
export type KnownOptions = Pick<
  PlanOptions,
  'host' | 'places' | 'localKeys' | 'targets' | 'rotate' | 'sign' | 'signed' | 'breakGlass'
>

interface Question {
  readonly desired: DesiredKey
  readonly lineage: Lineage
  readonly now: Instant
  readonly options: KnownOptions & Pick<PlanOptions, 'heldHere'>
  /** By key id: see `rotationSlots`. */
  readonly slots: () => ReadonlyMap<string, number>
}

type Condition = (question: Question) => boolean

const nothingHeld: PlanOptions['heldHere'] = new Map()

/** What its stores hold may show that its place is here after all. */
const isElsewhere: Condition = ({ desired: { keyId }, lineage, options }) => {
  if (!options.localKeys.has(keyId)) return false
  const top = storeTop(lineage)
  const isNotHere = (key: ManagedKey) => !isHere(keyId, key, options)
  return (top !== null && isNotHere(top)) || lineage.pending.some(isNotHere)
}

/** Only one of them can be the head. */
const hasSeveralHeads: Condition = ({ lineage: { rivals } }) => rivals.length > 0

/** A marker alone is not proof that the key is ours, and nothing more is granted without one. */
const isWidened: Condition = ({ desired, lineage: { head }, now }) =>
  head !== null && fieldChanges(desired, head, now).some(({ widens }) => widens)

/** Nor in an emergency. */
const isBreakingGlass: Condition = ({ desired: { keyId }, options }) => options.breakGlass?.keyId === keyId

/** Only what is proven is signed. */
const isToBeSigned: Condition = ({ lineage: { head }, options }) =>
  options.sign && head !== null && !options.signed.has(head.live.id)

const isStale: Condition = ({ lineage: { head } }) => head !== null && staleness(head) !== null

const hasLostItsHead: Condition = ({ lineage: { head, retiring } }) => head === null && retiring.length > 0

/** A store may have received its secret before the run that made it was killed. */
const hasPending: Condition = ({ lineage: { pending } }) => pending.length > 0

/** Before a retiring key goes: do stores hold its secret, since its maker came too late? */
const hasEndedGrace: Condition = ({ lineage, now }) =>
  lineage.retiring.some(key => {
    const end = graceEnd(key, lineage)
    return end !== null && end <= now
  })

/** Only what is proven is regenerated in place. */
const isRegenerated: Condition = ({ desired, lineage: { head }, now, options, slots }) =>
  head !== null &&
  desired.rotation.strategy === 'in-place' &&
  (options.rotate.has(desired.keyId) ||
    rotationReasons(desired, head.live, slots().get(desired.keyId), now).length > 0)

const conditions: readonly Condition[] = [
  isElsewhere,
  hasSeveralHeads,
  isWidened,
  isBreakingGlass,
  isToBeSigned,
  isStale,
  hasLostItsHead,
  hasPending,
  hasEndedGrace,
  isRegenerated,
]

/** A restore may have torn a marker from its key: a store tells. */
function isCopyOf({ ownership }: LiveKey, keyId: string, possibleKeyId: KeyIdOf): boolean {
  return ownership.kind === 'copied' && possibleKeyId(ownership.marker) === keyId
}

/** The key ids for which it may change the plan what their stores hold, sorted: nobody reads the stores of others. */
export function evidenceNeeded(
  desired: DesiredState,
  { lineages, copied }: Pick<Owned, 'lineages' | 'copied'>,
  now: Instant,
  options: KnownOptions,
): readonly string[] {
  const possibleKeyId = possibleKeyIds(desired)
  let known: ReadonlyMap<string, number> | null = null
  const slots = () => (known ??= rotationSlots(desired.stack, desired.keys))
  const before = { ...options, heldHere: nothingHeld }
  return desired.keys
    .filter(key => {
      const { keyId } = key
      if (!isTargeted(options.targets, keyId)) return false
      if (copied.some(live => isCopyOf(live, keyId, possibleKeyId))) return true
      const lineage = lineages.get(keyId)
      if (lineage === undefined) return false
      const question = { desired: keyAt(key, now), lineage, now, options: before, slots }
      return conditions.some(condition => condition(question))
    })
    .map(({ keyId }) => keyId)
    .sort()
}
