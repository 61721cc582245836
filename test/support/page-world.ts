import { type Severity, severities } from '../../src/model/audit-rule.ts'
import type { PermissionUse } from '../../src/model/inventory.ts'
import { shownPermissions } from '../../src/model/permission-labels.ts'
import type { AuditFindingJson, AuditJson } from '../../src/render/audit/audit-json.ts'
import type { InventoryJson } from '../../src/render/audit/inventory-json.ts'
import type { PageSource } from '../../src/render/page/page-stack.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'

export const pageNow = Date.UTC(2026, 10, 22, 12, 30)
const day = 86_400_000

export const isoAt = (days: number) => new Date(pageNow + days * day).toISOString().replace(/\.\d+Z$/, 'Z')

const uses: readonly PermissionUse[] = ['used', 'unused', 'unknown', 'denied']

/** A key as a team has it: a description of 40 characters, three permissions, use on each of 30 days for every second one. */
export function pageKeyJson(index: number, more: Partial<InventoryJson> = {}): InventoryJson {
  const number = String(index).padStart(5, '0')
  const permissions = [0, 1, 2].map(step => shownPermissions[(index + step) % 9] ?? '')
  const id = `key_${number}`
  return {
    key: `service-${number}`,
    name: `Service ${number}`,
    description: `Uploads results of service ${number} daily`.padEnd(40, '.'),
    owner: index % 7 === 0 ? null : `team-${index % 40}`,
    environment: ['ci', 'dev', 'stg', 'prod'][index % 4] ?? 'ci',
    scope: ['customer-support-bot', `project-${index % 20}`],
    permissions,
    protected: false,
    position: { file: 'keys/services.yaml', line: 10 + 8 * index, column: 3 },
    stores: [`keychain fluxloop/acme-agents/service-${number}`],
    max_age_seconds: 60 * 86_400,
    due_at: isoAt(index % 80),
    live: [
      {
        id,
        masked_key: `flux_ci_****...${number}`,
        generation: 1 + (index % 3),
        state: 'delivered',
        created_at: isoAt(-(index % 70)),
        secret_made_at: isoAt(-(index % 70)),
        expires_at: isoAt(90 - (index % 70)),
        last_use: index % 3 === 0 ? { kind: 'never', at: null } : { kind: 'used', at: isoAt(-(index % 5)) },
        scope: ['customer-support-bot', `project-${index % 20}`],
        permissions,
      },
    ],
    use: {
      unseen: index % 11 === 0 ? 'budget' : null,
      by_day:
        index % 2 === 0
          ? {}
          : Object.fromEntries(
              Array.from({ length: 30 }, (_, ago) => [isoAt(-ago).slice(0, 10), 10 + ((index * ago) % 90)]),
            ),
      by_project: {},
      permissions: Object.fromEntries(
        permissions.map((name, step) => [name, uses[(index + step) % 4] ?? 'used']),
      ),
    },
    ...more,
  }
}

export function pageFindingJson(index: number, more: Partial<AuditFindingJson> = {}): AuditFindingJson {
  const number = String(index).padStart(5, '0')
  const severity: Severity = severities[Math.floor(index / 5) % 5] ?? 'low'
  return {
    rule: ['unused-permission', 'missing-owner', 'past-max-age'][index % 3] ?? 'no-expiry',
    severity,
    key: `service-${number}`,
    id: `key_${number}`,
    name: `Service ${number}`,
    generation: 1,
    permission: null,
    project: null,
    message: `The permission was not used in 30 days by service ${number}`,
    evidence: {},
    remedy: 'Take it out of the declaration: fluxloop-keys audit --fix.',
    position: { file: 'keys/services.yaml', line: 10 + 8 * index, column: 3 },
    fingerprint: number,
    suppressed_by: null,
    ...more,
  }
}

export function auditOf(
  inventory: readonly InventoryJson[],
  findings: readonly AuditFindingJson[],
): AuditJson & { readonly inventory: readonly InventoryJson[] } {
  return {
    format_version: '1.0',
    platform: 'https://api.fluxloop.ai',
    account: 'acme',
    stack: 'acme-agents',
    at: isoAt(0),
    mode: 'full',
    window_days: 30,
    requests: 3,
    keys: { total: inventory.length, clean: inventory.length },
    counts: { info: 0, low: 0, medium: 0, high: 0, critical: 0 },
    suppressed: 0,
    known: null,
    findings,
    not_looked_at: [{ why: 'budget', rules: ['unused-permission'], ids: ['key_00011'] }],
    inventory,
  }
}

export function planOf(changes: PlanJson['changes'] = []): PlanJson {
  return {
    format_version: '1.0',
    platform: 'https://api.fluxloop.ai',
    account: 'acme',
    stack: 'acme-agents',
    now: isoAt(0),
    managed: 1,
    calling_key: null,
    calling_live_id: null,
    refused: false,
    held: false,
    forecast: false,
    drift: false,
    targets: { only: [], except: [] },
    changes,
    deferred: [],
    retiring: [],
    unmanaged: [],
    keychain: null,
    secrets: [],
    consumers: [],
    findings: [],
    audit: null,
    summary: { create: 0, update: 0, rotate: 0, deliver: 0, heal: 0, adopt: 0, release: 0, revoke: 0 },
  }
}

/** A change of a key's permissions that somebody made on the platform. */
export function driftOf(index: number): PlanJson['changes'][number] {
  const number = String(index).padStart(5, '0')
  return {
    action: 'update',
    key: `service-${number}`,
    id: `key_${number}`,
    name: `Service ${number}`,
    generation: null,
    reasons: [{ code: 'drift', message: 'its permissions were changed on the platform' }],
    fields: [
      {
        field: 'permissions',
        current: ['read_scenarios', 'manage_keys'],
        desired: ['read_scenarios'],
        cause: 'drift',
        widens: false,
        narrows: true,
      },
    ],
    widens: false,
    loses_access: true,
    stores: [],
    removed_stores: [],
    programs: [],
  }
}

/** That many keys, with a finding on every fifth and drift on every fiftieth. */
export function worldOf(count: number): PageSource {
  const indices = Array.from({ length: count }, (_, index) => index)
  return {
    audit: auditOf(
      indices.map(index => pageKeyJson(index)),
      indices.filter(index => index % 5 === 0).map(index => pageFindingJson(index)),
    ),
    plan: planOf(indices.filter(index => index % 50 === 3).map(driftOf)),
    calendar: null,
  }
}
