import type { UnknownUse } from '../../model/key-users.ts'
import { unknownUses } from '../consumers/find-unknown-uses.ts'
import { lastUses } from '../consumers/observed.ts'
import { plural } from '../../model/plural.ts'
import { type Rule, clean, evidence } from '../rule.ts'
import { addUsage, usageOf } from '../usage-of.ts'

function actText(use: UnknownUse): readonly string[] {
  if (use.kind !== 'operation') return []
  const what = use.operation ?? 'unknown operation'
  return [use.project === null ? what : `${what} in ${use.project}`]
}

/** What was seen that no declared consumer can have made. Figures of a young key prove that as well as those of an old one. */
export const unknownConsumer: Rule = (key, facts) => {
  if (key.kind !== 'declared' || key.desired.consumers.length === 0) return clean
  const seen = usageOf(key, facts)
  if (!seen.seen && seen.why !== 'too-young') return { unseen: seen.why }
  const usage = seen.seen ? addUsage(seen.usage) : null
  const uses = unknownUses(key.desired.consumers, usage, lastUses(key.members))
  // Who calls and from where is a person's business: `who` shows it to whoever asks, and a report does not.
  const addresses = uses.flatMap(use => (use.kind === 'addresses' ? use.addresses : []))
  const acts = uses.flatMap(actText)
  const last = uses.flatMap(use => (use.kind === 'last-use' ? [use.at] : []))
  if (uses.length === 0) return seen.seen ? clean : { unseen: 'too-young' }
  const parts = [
    ...(addresses.length === 0
      ? []
      : [`from ${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'}`]),
    ...(acts.length === 0 ? [] : [`for ${plural(acts.length, 'operation')}`]),
    ...(last.length === 0 ? [] : ['most recently']),
  ]
  return [
    {
      message: `It was used by somebody whom it does not declare as a consumer: ${parts.join(', ')}`,
      evidence: evidence({
        windowDays: facts.windowDays,
        addressCount: addresses.length,
        requests: addresses.reduce((sum, { requests }) => sum + requests, 0),
        operations: acts.slice(0, 20),
        lastUsedAt: last.length === 0 ? null : new Date(Math.max(...last)).toISOString(),
      }),
      remedy: `See who it is with fluxloop-keys who ${key.desired.keyId}. Declare the consumer, or treat the secret as leaked: fluxloop-keys rotate ${key.desired.keyId} --now.`,
    },
  ]
}
