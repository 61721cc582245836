import { isCallingKey } from '../audited-key.ts'
import { formatScope } from '../words.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** What `prune.unmanaged` ignores and what `prune.keep` names is left alone. A managed key that lost its declaration is about to go. */
export const unmanagedKey: Rule = (key, facts) => {
  const { desired } = facts
  if (key.kind !== 'undeclared' || desired.prune.unmanaged === 'ignore') return clean
  const { live } = key
  if (live.ownership.kind === 'managed' && live.ownership.marker.stack === desired.stack) return clean
  const isCalling = isCallingKey(key, facts)
  return [
    {
      message: `${isCalling ? 'It is the key that this audit calls with, and nothing declares it' : 'Nothing declares it'}; it has ${live.permissions.join(', ')} in ${formatScope(live.scope)}`,
      evidence: evidence({
        createdAt: new Date(live.createdAt).toISOString(),
        expiresAt: live.expiresAt === null ? null : new Date(live.expiresAt).toISOString(),
        permissions: live.permissions,
      }),
      remedy: isCalling
        ? `Name it in \`prune.keep\` (\`${live.id}\`): it stays, and nobody takes it for a forgotten key.`
        : `Take it over with \`adopt: ${live.id}\` (\`fluxloop-keys import\` writes it), name it in \`prune.keep\`, or revoke it.`,
    },
  ]
}
