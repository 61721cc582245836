import type { AuditFacts } from '../../audit/audit-facts.ts'
import { usageNeeded } from '../../audit/usage-needed.ts'
import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import type { DesiredState } from '../../model/desired.ts'
import type { CompiledRule } from '../../model/own-rule.ts'
import type { Targets } from '../../model/targets.ts'
import { originOf } from '../../platform/endpoint.ts'
import type { Listing, PlatformClient } from '../../platform/types.ts'
import { gatherUsage } from './gather-usage.ts'
import { type UsageShelf, openUsageShelf } from './usage-shelf.ts'

export interface Asked {
  readonly offline: boolean
  readonly windowDays: number
  readonly maximumRequests: number
  readonly parallelism: number
  readonly targets: Targets
}

export async function compiledRules({ policy }: DesiredState): Promise<readonly CompiledRule[]> {
  const { rules } = policy.audit
  return rules.length === 0 ? [] : (await import('../../config/own-rules/compile.ts')).compileOwnRules(rules)
}

/** Everything that an audit goes by: offline no request, else a list, a whoami, and usage where a rule needs it. */
export async function gatherFacts(
  desired: DesiredState,
  { offline, windowDays, maximumRequests, parallelism, targets }: Asked,
  connection: ConnectionOptions & { readonly verbose: boolean },
  context: Context,
): Promise<AuditFacts> {
  const ownRules = await compiledRules(desired)
  const common = { desired, windowDays, ownRules, targets }
  if (offline) return { ...common, live: null, now: context.now(), usage: new Map(), requests: 0 }
  const { client, url } = await context.connect(connection)
  const [listing, caller] = await Promise.all([client.list(), client.whoami()])
  return await factsWithUsage(
    { ...common, live: seenKeys({ ...listing, caller }, url), now: listing.now },
    { windowDays, maximumRequests, parallelism },
    client,
    context,
  )
}

type Live = NonNullable<AuditFacts['live']>

/** What a listing shows. A key that cannot be understood is one that the audit does not see. */
export function seenKeys(
  { keys, complete, doubts, caller }: Pick<Listing, 'keys' | 'complete' | 'doubts'> & Pick<Live, 'caller'>,
  url: string,
): Live {
  return { platform: originOf(url), keys, complete: complete && doubts.unreadable.length === 0, caller }
}

type WithoutUsage = Omit<AuditFacts, 'usage' | 'requests' | 'live'> & { readonly live: Live }
type Limits = Pick<Asked, 'windowDays' | 'maximumRequests' | 'parallelism'>

/** Adds the use of keys: what is remembered, and what a limited number of requests brings. */
export async function factsWithUsage(
  facts: WithoutUsage,
  limits: Limits,
  client: Pick<PlatformClient, 'usage' | 'requests'>,
  context: Context,
): Promise<AuditFacts> {
  const shelf = await openUsageShelf(context)
  try {
    return await factsFromShelf(facts, limits, client, shelf)
  } finally {
    await shelf.close()
  }
}

async function factsFromShelf(
  facts: WithoutUsage,
  limits: Limits,
  client: Pick<PlatformClient, 'usage' | 'requests'>,
  shelf: UsageShelf,
): Promise<AuditFacts> {
  const { live, now } = facts
  const whose = { origin: live.platform, account: live.caller.account }
  const looks = await shelf.read(whose)
  const madeAt = new Map(live.keys.map(({ id, createdAt }) => [id, createdAt]))
  const made = new Map(usageNeeded(facts).map(id => [id, madeAt.get(id) ?? now]))
  const before = new Map(looks)
  try {
    const usage = await gatherUsage({ made, client, looks, now, ...limits })
    return { ...facts, usage, requests: client.requests() }
  } finally {
    // Also where the network went in the middle of it: what was looked at need not be asked for again.
    if ([...looks].some(([id, each]) => before.get(id) !== each)) await shelf.write(whose, looks, before, now)
  }
}
