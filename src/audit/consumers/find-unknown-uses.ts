import { type Consumer, type SeenUse, mayBe, mayCallFrom, mayDo } from '../../model/consumer.ts'
import type { UnknownUse } from '../../model/key-users.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { actsOf, ownRequests } from './observed.ts'

type Address = NonNullable<ObservedUsage['addresses']>[number]

/**
 * Addresses that no consumer may call from. With a consumer that may call from anywhere none is one. As many requests as there were questions
 * who the key is may be our own.
 */
function unknownAddresses(
  consumers: readonly Consumer[],
  usage: ObservedUsage,
): readonly (readonly Address[])[] {
  const own = ownRequests(usage)
  const strange = (usage.addresses ?? [])
    .filter(({ ip, requests }) => requests > 0 && !consumers.some(each => mayCallFrom(each, ip)))
    .toSorted((a, b) => b.requests - a.requests || (a.ip < b.ip ? -1 : 1))
  if (strange.reduce((sum, { requests }) => sum + requests, 0) <= own) return []
  const certain = strange.filter(({ requests }) => requests > own)
  return certain.length > 0 ? certain.map(each => [each]) : [strange]
}

/**
 * What was seen that none of these consumers can have done: what may have been one of them is none, so each is certain. `usage`: null where
 * there are no figures. Pure.
 */
export function unknownUses(
  consumers: readonly Consumer[],
  usage: ObservedUsage | null,
  last: readonly SeenUse[],
): readonly UnknownUse[] {
  const addresses = usage === null ? [] : unknownAddresses(consumers, usage)
  const acts = (usage === null ? [] : actsOf(usage)).filter(
    ({ operation, project }) => !consumers.some(each => mayDo(each, operation, project)),
  )
  return [
    ...addresses.map(each => ({ kind: 'addresses', addresses: each }) as const),
    ...acts.map(act => ({ kind: 'operation', ...act }) as const),
    ...last
      .filter(use => !consumers.some(each => mayBe(each, use)))
      .map(use => ({ kind: 'last-use', ...use }) as const),
  ]
}
