import { type AuditFinding, type AuditReport, fingerprintOf } from '../../src/model/audit.ts'
import { day } from '../../src/model/duration.ts'

export const now = Date.UTC(2026, 10, 22, 12)
export const sentinel = 'flux_ci_SENTINEL0123456789abcdef'

export function finding(rest: Partial<AuditFinding> = {}): AuditFinding {
  const named = {
    rule: 'no-expiry',
    subject: { keyId: 'backup-service', liveId: 'key_b', name: 'Backup Service', generation: 1 },
    permission: null,
    project: null,
    about: null,
    ...rest,
  }
  return {
    severity: 'high',
    message: 'It never expires',
    evidence: [{ name: 'expires', value: 'never' }],
    remedy: 'Give it a period, such as `expires: 90d`: it is renewed in time as long as apply runs.',
    position: { file: 'keys/back up.yaml', line: 12, column: 3 },
    fingerprint: fingerprintOf('acme-agents', named),
    suppressedBy: null,
    ...named,
    ...rest,
  }
}

export const exception = {
  rule: 'all-projects',
  permission: null,
  project: null,
  reason: 'it backs up | them all',
  owner: 'data-team',
  until: Date.UTC(2027, 3, 1),
  position: { file: 'keys/back up.yaml', line: 19, column: 9 },
} as const

const unmanaged = { keyId: null, liveId: 'key_stranger', name: '=HYPERLINK("x") @all <b>', generation: null }

export const emptyReport: AuditReport = {
  platform: 'https://api.fluxloop.ai',
  account: 'acme',
  stack: 'acme-agents',
  now,
  mode: 'full',
  windowDays: 30,
  findings: [],
  notLookedAt: [],
  keys: { total: 4, clean: 4 },
  requests: 6,
  known: null,
}

/** Every severity, one excepted, one of a key that nothing declares, one of an own rule, and two reasons for what was not seen. */
export const report: AuditReport = {
  ...emptyReport,
  findings: [
    finding({
      rule: 'prod-in-shared-store',
      severity: 'critical',
      message: '-The secret of a production key is in one keychain',
      evidence: [{ name: 'stores', value: ['keychain'] }],
      remedy: 'Add a store that the servers can read.',
    }),
    finding(),
    finding({
      rule: 'unmanaged-key',
      severity: 'medium',
      subject: unmanaged,
      message: 'Nothing declares it; it has read_scenarios in all projects',
      evidence: [{ name: 'createdAt', value: new Date(now - 5 * day).toISOString() }],
      remedy: 'Take it over with `adopt: key_stranger`, name it in `prune.keep`, or revoke it.',
      position: null,
    }),
    finding({
      rule: 'unused-permission',
      severity: 'medium',
      permission: 'upload_results',
      message: 'upload_results is granted, and was not used in 30 days',
      evidence: [
        { name: 'requests', value: 0 },
        { name: 'used', value: ['read_scenarios 12'] },
      ],
      remedy: 'Remove upload_results from its permissions, or `fluxloop-keys audit --fix` does.',
    }),
    finding({
      rule: 'all-projects',
      severity: 'low',
      message: 'It reaches all projects',
      suppressedBy: exception,
    }),
    finding({
      rule: 'missing-description',
      severity: 'info',
      message: 'Nothing says what it is for',
      evidence: [],
      remedy: 'Add a `description:` of one line.',
    }),
  ],
  notLookedAt: [
    { why: 'budget', rules: ['shared-key', 'unused-project'], liveIds: ['key_1', 'key_2', 'key_3', 'key_4'] },
    { why: 'platform-does-not-say', rules: ['unused-key'], liveIds: ['key_b'] },
  ],
  keys: { total: 4, clean: 2 },
}

/** What a user or the platform may have written, everywhere it can stand. */
export function hostile(text: string): AuditReport {
  return {
    ...emptyReport,
    findings: [
      finding({
        subject: { keyId: null, liveId: text, name: text, generation: null },
        project: text,
        message: text,
        evidence: [
          { name: 'reason', value: text },
          { name: 'used', value: [text] },
        ],
        remedy: text,
        position: { file: text, line: 1, column: 1 },
        suppressedBy: null,
      }),
      finding({ suppressedBy: { ...exception, reason: text, owner: text, project: text } }),
    ],
    notLookedAt: [{ why: 'no-answer', rules: ['shared-key'], liveIds: [text] }],
  }
}
