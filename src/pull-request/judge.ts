import type { DesiredKey, DesiredState } from '../model/desired.ts'
import { emptyAuditPolicy } from '../model/audit-policy.ts'
import { canonicalText } from '../plan/canonical.ts'

/** Something of which the base branch's word counts, and the pull request says something else. */
export interface Overruled {
  readonly what: 'policy' | 'limits' | 'prune.keep' | 'protect' | 'exceptions' | 'marker' | 'platform'
  /** The key ids that it is about; empty: all. */
  readonly keyIds: readonly string[]
}

/** What a base branch without a configuration says. */
const unsaid: Pick<DesiredState, 'keys' | 'limits' | 'marker' | 'policy'> & {
  readonly prune: Pick<DesiredState['prune'], 'keep'>
} = {
  keys: [],
  limits: { revoke: 0.25, rotate: 0.25, always: 2 },
  marker: null,
  policy: { forbid: [], breakGlass: [], audit: emptyAuditPolicy },
  prune: { keep: [] },
}

const differ = (a: unknown, b: unknown) => canonicalText(a) !== canonicalText(b)

function union<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return [...new Set([...a, ...b])]
}

function judgedKey(key: DesiredKey, base: DesiredKey | undefined): DesiredKey {
  const known = new Set((base?.exceptions ?? []).map(canonicalText))
  return {
    ...key,
    protect: key.protect || base?.protect === true,
    exceptions: key.exceptions.filter(exception => known.has(canonicalText(exception))),
  }
}

/**
 * The configuration of a pull request, judged by its base branch: policy and whose signatures are proof are the base's; of limits,
 * protection, exceptions and what pruning never touches, the stricter of both. `base`: null where it has no configuration.
 */
export function judgedBy(
  base: DesiredState | null,
  head: DesiredState,
): { readonly desired: DesiredState; readonly overruled: readonly Overruled[] } {
  const { keys, limits, marker, policy, prune } = base ?? unsaid
  const before = new Map(keys.map(key => [key.keyId, key] as const))
  const judged = head.keys.map(key =>
    judgedKey(key, before.get(key.keyId) ?? before.get(key.previously ?? '')),
  )
  const desired: DesiredState = {
    ...head,
    keys: judged,
    limits: {
      revoke: Math.min(limits.revoke, head.limits.revoke),
      rotate: Math.min(limits.rotate, head.limits.rotate),
      always: Math.min(limits.always, head.limits.always),
    },
    marker,
    policy: { ...policy, forbid: union(policy.forbid, head.policy.forbid) },
    prune: { ...head.prune, keep: union(prune.keep, head.prune.keep) },
  }
  const changed = (is: (judged: DesiredKey, own: DesiredKey) => boolean) =>
    judged.flatMap((key, index) => {
      const own = head.keys[index]
      return own !== undefined && is(key, own) ? [key.keyId] : []
    })
  const unprotected = changed((key, own) => key.protect !== own.protect)
  const excepted = changed((key, own) => key.exceptions.length !== own.exceptions.length)
  const loosens =
    policy.forbid.some(word => !head.policy.forbid.includes(word)) ||
    differ([policy.audit, policy.breakGlass], [head.policy.audit, head.policy.breakGlass])
  const unkept = prune.keep.some(pattern => !head.prune.keep.includes(pattern))
  const whole = { keyIds: [] }
  return {
    desired,
    overruled: [
      ...(loosens ? [{ what: 'policy' as const, ...whole }] : []),
      ...(differ(desired.limits, head.limits) ? [{ what: 'limits' as const, ...whole }] : []),
      ...(unkept ? [{ what: 'prune.keep' as const, ...whole }] : []),
      ...(unprotected.length > 0 ? [{ what: 'protect' as const, keyIds: unprotected }] : []),
      ...(excepted.length > 0 ? [{ what: 'exceptions' as const, keyIds: excepted }] : []),
      ...(differ(marker, head.marker) ? [{ what: 'marker' as const, ...whole }] : []),
    ],
  }
}
