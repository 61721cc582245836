import type { DesiredState } from '../model/desired.ts'
import { type ApprovedPlan, touchedKeys } from './approved.ts'
import { canonicalChange, canonicalText } from './canonical.ts'

/** Makes a short text that stands for a long one, such as its SHA-256. */
type Hash = (text: string) => string

/** What a review of a plan was based on besides the changes themselves. */
export interface ReviewBasis {
  /** A hash of the policy, and of whose signatures are proof. */
  readonly policy: string
  /** By the key ids that the plan touches: a hash of each key's declaration with all defaults resolved; null: it is not declared. */
  readonly declarations: Readonly<Record<string, string | null>>
}

/** What a configuration says that a review of these keys is based on. */
export function reviewBasis(desired: DesiredState, keyIds: readonly string[], hash: Hash): ReviewBasis {
  const declared = new Map(desired.keys.map(key => [key.keyId, key] as const))
  const declarations = keyIds.map(keyId => {
    const key = declared.get(keyId)
    return [keyId, key === undefined ? null : hash(canonicalText(key))] as const
  })
  return {
    policy: hash(canonicalText({ policy: desired.policy, marker: desired.marker })),
    declarations: Object.fromEntries(declarations),
  }
}

/** What the digest of a review is about. */
export interface Reviewed extends ReviewBasis {
  readonly origin: string
  readonly account: string
  readonly plan: ApprovedPlan & { readonly stack: string }
}

/** By key id, sorted: a digest of its resolved declaration, its changes and the policy. */
export function keyDigests(
  { policy, declarations, plan }: Pick<Reviewed, 'policy' | 'declarations' | 'plan'>,
  hash: Hash,
): ReadonlyMap<string, string> {
  const changes = new Map<string, string[]>()
  for (const change of plan.changes)
    changes.set(change.keyId, [...(changes.get(change.keyId) ?? []), canonicalChange(change)])
  return new Map(
    touchedKeys(plan).map(keyId => {
      const own = (changes.get(keyId) ?? []).sort()
      return [keyId, hash(JSON.stringify([policy, declarations[keyId] ?? null, own]))] as const
    }),
  )
}

/**
 * One digest of everything that was reviewed. The moment of the plan is not a part of it, nor is anything that changes by itself: a plan that
 * is made again and does the same has the same digest.
 */
export function reviewDigest(reviewed: Reviewed, hash: Hash): string {
  const { origin, account, plan } = reviewed
  return hash(JSON.stringify([origin, account, plan.stack, [...keyDigests(reviewed, hash)]]))
}

/** The key ids whose declaration, or the policy, is no longer what was reviewed. */
export function changedBasis(
  reviewed: Pick<Reviewed, 'policy' | 'declarations' | 'plan'>,
  now: ReviewBasis,
): readonly string[] {
  return touchedKeys(reviewed.plan).filter(
    keyId =>
      reviewed.policy !== now.policy ||
      (reviewed.declarations[keyId] ?? null) !== (now.declarations[keyId] ?? null),
  )
}
