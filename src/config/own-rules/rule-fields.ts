import { type Instant, day, formatDuration } from '../../model/duration.ts'
import type { OwnRuleInput } from '../../model/own-rule.ts'
import { formatLifetime } from '../../model/lifetime.ts'
import { type LiveKey, secretMadeAt, shownEnvironment } from '../../model/live-key.ts'
import { permissionOf } from '../../model/operation.ts'
import type { Counts, ObservedUsage } from '../../model/observed-usage.ts'
import type { Scope } from '../../model/scope.ts'

/** What a field of an expression may be; `?` where it may be null. */
export type FieldType =
  'text' | 'text?' | 'texts' | 'flag' | 'number' | 'number?' | 'time' | 'time?' | 'counts'

export type Value = string | number | boolean | null | readonly string[] | Counts

interface Field<Of> {
  readonly type: FieldType
  readonly of: (from: Of) => Value
  /** In a test case that does not say. */
  readonly usual: Value
}

type Fields<Of> = Readonly<Record<string, Field<Of>>>

const wholeDays = (length: number | null) => (length === null ? null : Math.floor(length / day))
const projects = (scope: Scope) => (scope === 'all' ? [] : scope)
/** The first of January 2026, on which test cases play. */
export const usualNow: Instant = Date.UTC(2026, 0, 1)

const desired: Fields<OwnRuleInput['desired']> = {
  keyId: { type: 'text', of: key => key.keyId, usual: 'ci-pipeline' },
  name: { type: 'text', of: key => key.name, usual: 'CI pipeline' },
  description: { type: 'text', of: key => key.description, usual: 'Nightly simulations' },
  owner: { type: 'text?', of: key => key.owner, usual: 'platform-team' },
  environment: { type: 'text?', of: key => key.environment, usual: 'ci' },
  allProjects: { type: 'flag', of: key => key.scope === 'all', usual: false },
  projects: { type: 'texts', of: key => projects(key.scope), usual: ['customer-support-bot'] },
  permissions: { type: 'texts', of: key => key.permissions, usual: ['read_scenarios'] },
  expires: { type: 'text', of: key => formatLifetime(key.expires), usual: '90d' },
  lifetimeDays: {
    type: 'number?',
    of: ({ expires }) => (expires.kind === 'period' ? wholeDays(expires.length) : null),
    usual: 90,
  },
  maxAgeDays: { type: 'number?', of: key => wholeDays(key.rotation.maxAge), usual: 60 },
  grace: { type: 'text', of: key => formatDuration(key.rotation.grace), usual: '48h' },
  strategy: { type: 'text', of: key => key.rotation.strategy, usual: 'overlap' },
  protect: { type: 'flag', of: key => key.protect, usual: false },
  stores: {
    type: 'texts',
    of: key => key.stores.map(({ spec }) => (spec.kind === 'preset' ? spec.preset : spec.kind)),
    usual: ['keychain'],
  },
}

const lastUseAt = ({ lastUse }: LiveKey) => (lastUse.known ? lastUse.at : null)

const key: Fields<LiveKey> = {
  id: { type: 'text', of: live => live.id, usual: 'key_abc123' },
  name: { type: 'text', of: live => live.name, usual: 'CI pipeline' },
  environment: { type: 'text?', of: shownEnvironment, usual: 'ci' },
  allProjects: { type: 'flag', of: live => live.scope === 'all', usual: false },
  projects: { type: 'texts', of: live => projects(live.scope), usual: ['customer-support-bot'] },
  permissions: { type: 'texts', of: live => live.permissions, usual: ['read_scenarios'] },
  createdAt: { type: 'time', of: live => live.createdAt, usual: usualNow - 40 * day },
  secretMadeAt: { type: 'time', of: secretMadeAt, usual: usualNow - 40 * day },
  expiresAt: { type: 'time?', of: live => live.expiresAt, usual: usualNow + 50 * day },
  /** Null also where the platform does not say. */
  lastUsedAt: { type: 'time?', of: lastUseAt, usual: usualNow - day },
  lastUsedBy: {
    type: 'text?',
    of: ({ lastUse }) => (lastUse.known ? lastUse.userAgent : null),
    usual: 'agents/2.1',
  },
}

function sum(counts: Counts): number {
  return [...counts.values()].reduce((total, count) => total + count, 0)
}

function byPermission({ byOperation }: ObservedUsage): Counts {
  const found = new Map<string, number>()
  for (const [operation, count] of byOperation) {
    const permission = permissionOf(operation)
    if (typeof permission === 'string') found.set(permission, (found.get(permission) ?? 0) + count)
  }
  return found
}

const usage: Fields<ObservedUsage> = {
  days: { type: 'number', of: ({ from, to }) => Math.round((to - from) / day), usual: 30 },
  total: {
    type: 'number',
    // Of several looks only the days add up.
    of: ({ byDay, byOperation }) => Math.max(sum(byDay), sum(byOperation)),
    usual: 100,
  },
  byOperation: { type: 'counts', of: seen => seen.byOperation, usual: new Map([['Pull scenarios', 100]]) },
  byPermission: { type: 'counts', of: byPermission, usual: new Map([['read_scenarios', 100]]) },
  byProject: { type: 'counts', of: seen => seen.byProject, usual: new Map([['customer-support-bot', 100]]) },
  addresses: { type: 'number?', of: seen => seen.addresses?.length ?? null, usual: 1 },
}

/** All that an expression may name. */
export const fields = { desired, key, usage } as const

export type FactGroup = keyof typeof fields

/** The types by which the library checks expressions. What may be null has none. */
export const celTypes: Readonly<Record<FieldType, string>> = {
  text: 'string',
  'text?': 'dyn',
  texts: 'list<string>',
  flag: 'bool',
  number: 'int',
  'number?': 'dyn',
  time: 'google.protobuf.Timestamp',
  'time?': 'dyn',
  counts: 'map<string, int>',
}

/** The fields of one group, without a way to read them. */
export function fieldsOf(
  group: FactGroup,
): ReadonlyMap<string, { readonly type: FieldType; readonly usual: Value }> {
  return new Map(Object.entries<{ readonly type: FieldType; readonly usual: Value }>(fields[group]))
}

/** A value as the library takes it: its whole numbers are BigInts, its times Dates, its maps Maps, so that every name is but a name. */
export function toCel(type: FieldType, value: Value): unknown {
  if (typeof value === 'number') return type.startsWith('time') ? new Date(value) : BigInt(value)
  if (!(value instanceof Map)) return value
  const counts = value as Counts
  return new Map([...counts].map(([name, count]) => [name, BigInt(count)]))
}

/** One group's facts as the library takes them. */
export function factsOf<Of>(group: Fields<Of>, from: Of): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(group).map(([name, { type, of }]) => [name, toCel(type, of(from))]),
  )
}
