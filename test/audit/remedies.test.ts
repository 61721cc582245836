import t from 'tap'
import { auditState } from '../../src/audit/audit-state.ts'
import type { AuditFacts } from '../../src/audit/audit-facts.ts'
import { emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import type { AuditFinding } from '../../src/model/audit.ts'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { MarkerState } from '../../src/model/marker.ts'
import { everyKey } from '../../src/model/targets.ts'
import {
  callerWith,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  neverUsed,
  now,
  usedAt,
} from '../support/build.ts'

const unmanaged = { kind: 'unmanaged' } as const

function found(
  keys: readonly LiveKey[],
  given: { readonly desired?: Partial<DesiredKey>; readonly audit?: Partial<typeof emptyAuditPolicy> } = {},
): readonly AuditFinding[] {
  const desired = desiredKey({ owner: 'platform-team', ...given.desired })
  const facts: AuditFacts = {
    desired: desiredState([desired], {
      policy: { forbid: [], breakGlass: [], audit: { ...emptyAuditPolicy, ...given.audit } },
    }),
    live: { platform: 'https://api.fluxloop.ai', keys, caller: callerWith(), complete: true },
    now,
    windowDays: 30,
    usage: null,
    ownRules: [],
    targets: everyKey,
    requests: 0,
  }
  return auditState(facts).findings
}

const of = (liveId: string, findings: readonly AuditFinding[]) =>
  findings.filter(({ subject }) => subject.liveId === liveId)

t.test('names the calling key as such, and asks nobody to take it over or revoke it', async t => {
  const caller = liveKey({
    id: 'key_caller',
    ownership: unmanaged,
    createdAt: now - 400 * day,
    lastUse: neverUsed,
  })
  const findings = of('key_caller', found([caller]))
  t.strictSame(
    findings.map(({ rule }) => rule),
    ['unmanaged-key'],
    'a key that calls is in use, whatever the platform says',
  )
  t.match(findings[0]?.message, 'It is the key that this audit calls with')
  t.notMatch(findings[0]?.remedy, /take it over|revoke/i)
  t.match(findings[0]?.remedy, '`prune.keep`')
})

t.test('gives an unmanaged key that nobody uses one remedy', async t => {
  const forgotten = liveKey({
    id: 'key_forgotten',
    ownership: unmanaged,
    createdAt: now - 400 * day,
    lastUse: usedAt(now - 200 * day),
  })
  const findings = of('key_forgotten', found([forgotten]))
  t.ok(findings.length > 1)
  t.equal(new Set(findings.map(({ remedy }) => remedy)).size, 1)
  t.match(findings[0]?.remedy, 'Revoke it: `fluxloop-keys apikeys delete key_forgotten`')
  const used = liveKey({ id: 'key_used', ownership: unmanaged, lastUse: usedAt(now - hour) })
  t.match(of('key_used', found([used]))[0]?.remedy, 'Take it over')
})

t.test(
  'says of a declared key that nobody uses first that it may go, and the rest for the case that it stays',
  async t => {
    const idle = managedKey(desiredKey({ owner: null }), {
      live: { id: 'key_idle', createdAt: now - 400 * day, lastUse: usedAt(now - 200 * day) },
    })
    const findings = of('key_idle', found([idle], { desired: { owner: null } }))
    const [removal, ...others] = findings.toSorted(
      (a, b) => Number(b.rule === 'unused-key') - Number(a.rule === 'unused-key'),
    )
    t.match(removal, { rule: 'unused-key', remedy: 'Remove its declaration: apply then revokes it.' })
    t.ok(others.length > 0)
    for (const { remedy } of others) t.match(remedy, /^If it stays: /)
  },
)

t.test('never says that apply renews a key that was adopted, whichever rule finds it', async t => {
  const aged = (state: MarkerState) =>
    managedKey(desiredKey(), {
      state,
      live: { id: 'key_aged', createdAt: now - 100 * day, expiresAt: now + day },
    })
  const remedies = (live: LiveKey) =>
    new Map(of('key_aged', found([live])).map(({ rule, remedy }) => [rule, remedy] as const))
  const adopted = remedies(aged({ kind: 'external' }))
  for (const rule of ['past-max-age', 'expiring-soon', 'end-not-as-declared'] as const) {
    t.match(adopted.get(rule), /`fluxloop-keys rotate ci-pipeline` makes a successor/, rule)
    t.notMatch(adopted.get(rule), /Run `fluxloop-keys apply`/, rule)
  }
  const own = remedies(aged({ kind: 'delivered', visibleEnd: 'no34z', at: now - 100 * day }))
  t.match(own.get('past-max-age'), /Run `fluxloop-keys apply` regularly/)
})
