import type { DesiredKey } from '../model/desired.ts'
import type { FieldChange } from '../model/field-change.ts'
import type { Finding } from '../model/finding.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Proof } from '../model/proof.ts'
import { commonPermissions, permissionsBeyond } from '../model/permission.ts'
import { isRemoval, noRemoval } from '../model/removal.ts'
import { commonScope, reachesBeyond } from '../model/scope.ts'
import { isBound } from '../lifecycle/binding.ts'
import { grantOf } from '../lifecycle/emergency.ts'
import type { ManagedKey } from '../lifecycle/lineage.ts'
import { isExpired } from '../lifecycle/due.ts'
import { type Decision, type Facts, type KeyCase, isCallingKey, nothing } from './facts.ts'
import { narrows } from '../model/narrowing.ts'
import { fieldChanges, narrowing } from './fields.ts'
import { proofOf } from './find-proof.ts'
import { removalOf } from './store-removal.ts'

/** Field changes, and a warning where some had to be left out. */
interface Writable {
  readonly fields: readonly FieldChange[]
  readonly findings: readonly Finding[]
}

const noFindings: readonly Finding[] = []

/** The calling key is never narrowed by its own run: such fields are left out, with a warning. */
export function withoutNarrowingCaller(
  keyId: string,
  live: Pick<LiveKey, 'id'>,
  fields: readonly FieldChange[],
  facts: Pick<Facts, 'current'>,
): Writable {
  if (!isCallingKey(live, facts)) return { fields, findings: noFindings }
  const kept = fields.filter(change => !narrows(change))
  if (kept.length === fields.length) return { fields, findings: noFindings }
  const { id: liveId } = live
  return {
    fields: kept,
    findings: [{ severity: 'warning', code: 'calling-key', keyId, liveId, action: 'narrow' }],
  }
}

function countedGrant({ keyId }: DesiredKey, key: ManagedKey, { desired, options, now }: Facts) {
  return grantOf(key, keyId, desired, options.signed, now)
}

/** What makes a key as declared, where it stays. */
export function fieldsToUpdate(desired: DesiredKey, key: ManagedKey, facts: Facts): Writable {
  const fields = fieldChanges(desired, key, facts.now, countedGrant(desired, key, facts))
  return withoutNarrowingCaller(desired.keyId, key.live, fields, facts)
}

/** What is taken from a key, where another takes its place. */
export function fieldsToNarrow(desired: DesiredKey, key: ManagedKey, facts: Facts): Writable {
  const { keyId } = desired
  const { fields, left } = narrowing(desired, key, facts.now, countedGrant(desired, key, facts))
  const narrowed = withoutNarrowingCaller(keyId, key.live, fields, facts)
  if (left.length === 0) return narrowed
  const { id: liveId } = key.live
  const finding: Finding = { severity: 'warning', code: 'not-narrowed', keyId, liveId, fields: left }
  return { fields: narrowed.fields, findings: [...narrowed.findings, finding] }
}

const noNames: readonly FieldChange['field'][] = []

/** The fields in which it would get more than it has, a later end aside. */
export function granted(fields: readonly FieldChange[]): readonly FieldChange['field'][] {
  if (fields.length === 0) return noNames
  return fields.filter(({ field, widens }) => widens && field !== 'expires').map(({ field }) => field)
}

/** What is left of a field that gives more and takes away at once, where nothing may be given; null: nothing is. */
function onlyNarrowed(change: FieldChange): FieldChange | null {
  if (change.field === 'permissions') {
    const { current, desired } = change
    const common = commonPermissions(current, desired)
    const takes = permissionsBeyond(current, desired).length > 0
    return takes && common.length > 0 ? { ...change, desired: common, widens: false } : null
  }
  if (change.field !== 'scope') return null
  const { current, desired } = change
  const common = commonScope(current, desired)
  return reachesBeyond(current, desired) && common.length > 0
    ? { ...change, desired: common, widens: false }
    : null
}

/** What is not proven to be ours gets nothing: of such fields only what they take away is left, with a warning. */
export function withoutGrants(
  keyId: string,
  { id: liveId }: LiveKey,
  { fields, findings }: Writable,
): Writable {
  const left = granted(fields)
  const finding: Finding = { severity: 'warning', code: 'unproven', keyId, liveId, fields: left }
  const kept = fields.flatMap(change =>
    left.includes(change.field) ? (onlyNarrowed(change) ?? []) : [change],
  )
  return { fields: kept, findings: [...findings, finding] }
}

/** The signature that somebody asked for; null where it has one already. */
function signatureChange({ live, marker }: ManagedKey, { options }: Facts): FieldChange | null {
  if (!options.sign || options.signedNow.has(live.id)) return null
  const signed = options.signed.has(live.id) ? 'by a former key' : 'not valid'
  const current = marker.signature === null ? 'none' : signed
  return { field: 'signature', current, desired: 'by the present key', cause: 'asked', widens: false }
}

/** How it is shown to be ours by whoever writes. The platform answers no question that is asked with the secret of a key that has ended. */
export function proofToday(desired: DesiredKey, live: LiveKey, { options, now }: Facts): Proof | null {
  const proof = proofOf(desired, live, options)
  return proof === 'store' && isExpired(live, now) ? null : proof
}

/** A key that has ended is not brought back to life with less than is declared, for the next run to give it the rest. */
function withoutRevival({ fields, findings }: Writable, live: LiveKey, { now }: Facts): Writable {
  return {
    fields: isExpired(live, now) ? fields.filter(({ field }) => field !== 'expires') : fields,
    findings,
  }
}

/** What may be written to a key that stays, and how it is shown to be ours where it gets more, or is signed. */
function provenFields(
  desired: DesiredKey,
  key: ManagedKey,
  facts: Facts,
): Writable & { readonly proof: Proof | null } {
  const { keyId } = desired
  const { live } = key
  const wanted = fieldsToUpdate(desired, key, facts)
  const grants = granted(wanted.fields).length > 0
  const signature = signatureChange(key, facts)
  if (!grants && signature === null) return { fields: wanted.fields, findings: wanted.findings, proof: null }
  const proof = proofToday(desired, live, facts)
  if (proof !== null)
    return { ...wanted, fields: [...wanted.fields, ...(signature === null ? [] : [signature])], proof }
  const { fields, findings } = grants
    ? withoutGrants(keyId, live, withoutRevival(wanted, live, facts))
    : wanted
  const left: readonly Finding[] =
    signature === null ? [] : [{ severity: 'warning', code: 'not-signed', keyId, liveId: live.id }]
  return { fields, findings: [...findings, ...left], proof }
}

const noChanges: readonly FieldChange[] = []

/** A marker that a restore tore from its key is bound to it again. */
function bindingChange({ live, marker }: ManagedKey): readonly FieldChange[] {
  if (isBound(marker, live)) return noChanges
  return [
    {
      field: 'state',
      current: 'marker of another key',
      desired: marker.state.kind,
      cause: 'drift',
      widens: false,
    },
  ]
}

/** One PATCH that makes a key as declared, and takes its secret out of stores that it lost. */
export function updateOf({ desired, lineage }: KeyCase, key: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const { fields: proven, findings, proof } = provenFields(desired, key, facts)
  const binding = bindingChange(key)
  const { removal, findings: left } = removalOf(desired, [key], lineage, facts.options, 'updates')
  const isIdle = proven.length + binding.length === 0 && !isRemoval(removal)
  // Nearly every key.
  if (isIdle && findings.length + left.length === 0) return nothing
  return {
    changes: isIdle
      ? []
      : [
          {
            kind: 'update',
            keyId,
            desired,
            live: key.live,
            superseded: false,
            fields: [...proven, ...binding],
            mark: { event: 'updated' },
            proof,
            removal,
          },
        ],
    findings: [...findings, ...left],
  }
}

/** One PATCH that only narrows a key that another replaced, or will replace. */
export function narrowOf({ desired }: KeyCase, key: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const { fields, findings } = fieldsToNarrow(desired, key, facts)
  const { live } = key
  const rest = { superseded: true, mark: { event: 'narrowed' }, proof: null, removal: noRemoval } as const
  return {
    changes: fields.length === 0 ? [] : [{ kind: 'update', keyId, desired, live, fields, ...rest }],
    findings,
  }
}

/** What says that a key leads no more. */
export function retiringField({ marker }: ManagedKey): FieldChange {
  const current = marker.state.kind
  return { field: 'state', current, desired: 'retiring', cause: 'drift', widens: false }
}

/** One PATCH by which a key that says that it was delivered retires for the head, which is proven to be it. */
export function retireFor(head: ManagedKey, { desired }: KeyCase, key: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const { fields, findings } = fieldsToNarrow(desired, key, facts)
  const { live } = key
  return {
    changes: [
      {
        kind: 'update',
        keyId,
        desired,
        live,
        superseded: true,
        fields: [...fields, retiringField(key)],
        mark: { event: 'retired', successor: head.live.id },
        proof: null,
        removal: noRemoval,
      },
    ],
    findings,
  }
}
