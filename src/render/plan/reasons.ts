import type {
  Change,
  DeliveryReason,
  Retiring,
  Revoke,
  RevocationReason,
  RotationReason,
} from '../../model/change.ts'
import { type FieldChange, isRename } from '../../model/field-change.ts'
import type { Instant } from '../../model/duration.ts'
import type { Removal } from '../../model/removal.ts'
import { useOf } from '../../lifecycle/last-use.ts'
import { ownerOf } from '../keys/owner-text.ts'
import { dateTime, durationInWords, exactDurationInWords, relativeTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { enumerate, lastUseClause, nameText, plural, quotedName } from '../text/values.ts'

/** Why a change is made: the codes of the model, and those that its kind alone says. */
export type ReasonCode =
  | RotationReason['code']
  | DeliveryReason['code']
  | RevocationReason['code']
  | 'declared'
  | 'adopt'
  | FieldChange['cause']
  | 'narrowed-with-successor'
  | 'another-head'
  | 'marker-lost'
  | 'interrupted-run'
  | 'store-removed'
  | 'retained'

interface Reason {
  readonly code: ReasonCode
  /** A sentence without its full stop, safe to print. */
  readonly text: string
}

/** Every reason of a change, at least one. */
export function reasonsOf(change: Change, now: Instant): readonly Reason[] {
  switch (change.kind) {
    case 'create':
      return [{ code: 'declared', text: 'declared, and the platform has no live key for it' }]
    case 'adopt':
      return [
        {
          code: 'adopt',
          text: 'declared with "adopt:", and nobody manages it: its secret stays with those who hold it',
        },
        ...causeReasons(change.fields),
      ]
    case 'update':
      return updateReasons(change)
    case 'rotate':
      return [
        ...change.reasons.map(reason => ({ code: reason.code, text: rotationText(reason, now) })),
        ...removalReasons(change.removal),
      ]
    case 'deliver':
      return [
        ...change.reasons.map(reason => ({ code: reason.code, text: deliveryText(reason) })),
        ...removalReasons(change.removal),
      ]
    case 'heal':
      return [
        ...change.pending.map(({ live }) => ({
          code: 'interrupted-run' as const,
          text: `${nameText(live.id)} was made by an interrupted run and never delivered`,
        })),
        ...removalReasons(change.removal),
      ]
    case 'release':
      return [
        {
          code: 'retained',
          text: 'no longer declared, and removed keys are retained: another stack may adopt it within 30 days',
        },
      ]
    case 'revoke':
      return [{ code: change.reason.code, text: revocationText(change, now) }]
  }
}

const causeTexts = {
  drift: 'drift: changed on the platform',
  changed: 'configuration changed',
  both: 'both: changed on the platform and in the configuration',
  asked: 'asked for with --sign',
  'break-glass': 'break-glass',
} as const satisfies Record<FieldChange['cause'], string>

/** Why one field differs. */
export function causeText(cause: FieldChange['cause']): string {
  return causeTexts[cause]
}

function updateReasons({
  fields,
  mark,
  superseded,
  removal,
}: Extract<Change, { readonly kind: 'update' }>): readonly Reason[] {
  const renaming = fields.filter(isRename)
  if (mark.event === 'retired') {
    const text = `it says that it was delivered, and so does ${escapeControls(mark.successor)}, which is proven to be what the stores hold: it retires`
    return [...causeReasons(renaming), { code: 'another-head', text }]
  }
  if (mark.event === 'recognised') {
    return [
      { code: 'marker-lost', text: 'its marker is gone, and a store holds its secret: it is written anew' },
    ]
  }
  if (mark.event === 'granted') {
    const { reason, grant } = mark
    const text = `break-glass: ${quotedName(reason)}, until ${unbreakable(dateTime(grant.until))}`
    return [{ code: 'break-glass', text }]
  }
  if (superseded) {
    const text = 'retiring, and may do more than its declaration grants: it is narrowed while it retires'
    return [
      ...causeReasons(renaming),
      ...(renaming.length === fields.length ? [] : [{ code: 'narrowed-with-successor', text } as const]),
    ]
  }
  return [...causeReasons(fields), ...removalReasons(removal)]
}

/** Stores that left the declaration; a change of its own where nothing else is to be done. */
function removalReasons(removal: Removal): readonly Reason[] {
  const count = removal.from.length + removal.forgotten.length
  if (count === 0) return []
  return [{ code: 'store-removed', text: `${plural(count, 'store')} left its declaration` }]
}

/** The fields that differ, by what made them differ. */
function causeReasons(fields: readonly FieldChange[]): readonly Reason[] {
  return (['drift', 'changed', 'both', 'asked'] as const).flatMap(code => {
    const names = fields.filter(field => field.cause === code).map(field => field.field)
    return names.length === 0 ? [] : [{ code, text: `${causeText(code)} (${enumerate(names)})` }]
  })
}

/** Why a key is replaced, as told at `now`. */
export function renewalText(reason: RotationReason | DeliveryReason, now: Instant): string {
  switch (reason.code) {
    case 'stale':
    case 'regenerated-elsewhere':
    case 'overtaken':
    case 'store-added':
    case 'store-changed':
    case 'taken-over':
      return deliveryText(reason)
    case 'past-max-age':
    case 'ends-soon':
    case 'ends-with-others':
    case 'expired':
    case 'environment':
    case 'leaked':
    case 'head-lost':
    case 'several-heads':
    case 'unproven':
    case 'requested':
      return rotationText(reason, now)
  }
}

function rotationText(reason: RotationReason, now: Instant): string {
  switch (reason.code) {
    case 'past-max-age': {
      const { age, maxAge } = reason
      const limit = durationInWords(maxAge)
      const words = durationInWords(age) === limit ? exactDurationInWords(age) : durationInWords(age)
      // Due days are spread over the last third of the maximum age, so that keys made together do not fall due together.
      if (age < maxAge) return `due before its max age: ${words} old, at most ${limit}, with due days spread`
      return `past its max age: ${words} old, at most ${limit}`
    }
    case 'ends-soon':
      return `ends soon: ${moment(reason.end, now)}; a key is renewed ${durationInWords(reason.renewBefore)} before its end`
    case 'ends-with-others':
      return `due before its end: ends ${moment(reason.end, now)}, with due days spread`
    case 'expired':
      return `expired: ${moment(reason.end, now)}`
    case 'environment': {
      const current = reason.current ?? 'none'
      return `its environment is ${current}, declared is ${reason.desired}: the platform cannot change it on a live key`
    }
    case 'leaked':
      return 'leaked: others have its secret'
    case 'head-lost':
      return `the key that took its place at ${fixed(dateTime(reason.since))} is gone: the stores hold a dead secret`
    case 'several-heads':
      return `${reason.liveIds.map(escapeControls).join(' and ')} say that they were delivered, and nothing proves which of them the stores hold`
    case 'unproven':
      return `it should get more (${enumerate(reason.fields)}), and nothing but its marker says that it is ours`
    case 'requested':
      return reason.note === null ? 'asked for' : `asked for: ${escapeControls(reason.note)}`
  }
}

function deliveryText(reason: DeliveryReason): string {
  switch (reason.code) {
    case 'stale': {
      const [delivered, live] = [escapeControls(reason.delivered), escapeControls(reason.live)]
      return `its secret in the stores ends in "${delivered}", the live key in "${live}"`
    }
    case 'regenerated-elsewhere':
      return `regenerated elsewhere at ${fixed(dateTime(reason.at))}, after its delivery: the stores hold a dead secret`
    case 'overtaken':
      return `its stores hold the secret of ${escapeControls(reason.by)}, which retires`
    case 'store-added': {
      const labels = reason.stores.map(escapeControls).join(', ')
      return `${plural(reason.stores.length, 'store')} added to its declaration: ${labels}`
    }
    case 'store-changed':
      return `declared differently at the same place, so its secret is written there anew (for other recipients, encrypted again): ${reason.stores.map(escapeControls).join(', ')}`
    case 'taken-over':
      return 'taken over: its local stores are elsewhere'
  }
}

/** Why a key has to go; in `Retiring` it stands before what it waits for. */
export function retiringText({ live, reason }: Pick<Retiring, 'live' | 'reason'>): string {
  switch (reason.code) {
    case 'undeclared':
      return 'no longer declared'
    case 'abandoned':
      return 'made more than a day ago, and no store is known to have its secret'
    case 'leaked':
      return `leaked, and replaced by generation ${reason.head}`
    case 'unmanaged':
      return 'unmanaged, and `prune.unmanaged` is revoke'
    case 'unused':
      return `unmanaged, and nobody used it for ${durationInWords(reason.after)}`
    case 'superseded':
      return ownerOf(live)?.state.kind === 'leaked'
        ? `leaked, and replaced by generation ${reason.head}`
        : `replaced by generation ${reason.head}`
  }
}

function revocationText(change: Revoke, now: Instant): string {
  const { live, reason, gate } = change
  const grace =
    reason.code === 'superseded' && ownerOf(live)?.state.kind !== 'leaked'
      ? `, grace ${reason.deadline > now ? 'until' : 'ended'} ${fixed(dateTime(reason.deadline))}${reason.deadline > now ? ' cut short' : ''}`
      : ''
  return `${retiringText(change)}${grace}, ${useText(live, reason, now)}${gate.waived && reason.code !== 'leaked' ? '; let through by --revoke-in-use' : ''}`
}

function useText(live: Revoke['live'], reason: RevocationReason, now: Instant): string {
  if (live.status === 'expired' || (live.expiresAt !== null && live.expiresAt <= now)) return 'expired'
  const use = useOf(live)
  if (use.kind === 'unknown') return 'its use is unknown'
  if (use.kind === 'never') return 'never used'
  if (reason.code === 'superseded' && use.at <= reason.deadline) return 'not used since'
  return lastUseClause(live, now)
}

function moment(at: Instant, now: Instant): string {
  return `${fixed(dateTime(at))} (${relativeTime(at, now)})`
}

function fixed(text: string): string {
  return unbreakable(text)
}
