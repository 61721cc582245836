import type { Severity } from '../../model/audit-rule.ts'
import type { Finding } from '../../model/finding.ts'
import type { Instant } from '../../model/duration.ts'
import { findingText } from './finding-text.ts'
import { isoTime } from '../text/time.ts'
import { breakable } from '../text/layout.ts'

/** A finding with its facts; which of them there are depends on the code. */
export interface FindingJson {
  readonly severity: Finding['severity']
  readonly code: Finding['code']
  readonly message: string
  readonly hint: string
  readonly key?: string
  readonly keys?: readonly string[]
  readonly stack?: string
  readonly names?: readonly { readonly name: string; readonly ids: readonly string[] }[]
  readonly ids?: readonly string[]
  readonly name?: string
  readonly permissions?: readonly string[]
  readonly fields?: readonly string[]
  readonly scope?: 'all' | readonly string[]
  readonly project?: string
  readonly suggestion?: string | null
  readonly owner?: string | null
  readonly action?: 'revoke' | 'rotate' | 'narrow' | 'heal' | 'deliver'
  readonly cause?: string
  readonly stores?: readonly string[]
  readonly count?: number
  readonly at?: string
  readonly after_seconds?: number
  readonly until?: string
  readonly by?: 'policy' | 'flag'
  readonly widened?: readonly { readonly key: string; readonly fields: readonly string[] }[]
  readonly changes?: number
  readonly fail_on?: Severity
  readonly found?: readonly { readonly key: string; readonly rule: string }[]
  readonly limit?: {
    readonly count: number
    readonly live: number
    readonly allowed: number
    readonly share: number
    readonly always: number
  }
}

type Facts = Omit<FindingJson, 'severity' | 'code' | 'message' | 'hint'>

export function findingToJson(finding: Finding, now: Instant): FindingJson {
  const { message, hint } = findingText(finding, now)
  return {
    severity: finding.severity,
    code: finding.code,
    message: breakable(message),
    hint: breakable(hint),
    ...factsOf(finding),
  }
}

function factsOf(finding: Finding): Facts {
  switch (finding.code) {
    case 'rename-held': {
      const { keyId: key, cause, until } = finding
      const names = finding.names.map(({ name, liveIds }) => ({ name, ids: liveIds }))
      return { key, cause, names, ...(until === null ? {} : { until: isoTime(until) }) }
    }
    case 'made-by-other-stack':
      return { stack: finding.stack, keys: finding.keyIds, ids: finding.liveIds }
    case 'left-in-former-stack':
      return { stack: finding.stack, keys: finding.keyIds }
    case 'name-taken':
      return { key: finding.keyId, name: finding.name, ids: finding.liveIds }
    case 'cannot-adopt': {
      const { keyId: key, cause, liveIds: ids, owner, suggestion } = finding
      return { key, name: finding.adopt, cause, ids, owner, suggestion }
    }
    case 'marker-copied':
      return { key: finding.keyId, name: finding.name, ids: [finding.liveId] }
    case 'unproven':
    case 'not-narrowed':
      return { key: finding.keyId, ids: [finding.liveId], fields: finding.fields }
    case 'not-signed':
    case 'adopt-ignored':
      return { key: finding.keyId, ids: [finding.liveId] }
    case 'rotate-by-hand': {
      const at = finding.at === null ? {} : { at: isoTime(finding.at) }
      return { key: finding.keyId, ids: [finding.liveId], cause: finding.cause, ...at }
    }
    case 'end-withheld': {
      const { keyId: key, liveId, cause, wanted } = finding
      return { key, ids: [liveId], cause, at: isoTime(wanted) }
    }
    case 'grants-beyond-caller':
      return { key: finding.keyId, permissions: finding.permissions, scope: finding.scope }
    case 'unknown-project':
      return { key: finding.keyId, project: finding.project, suggestion: finding.suggestion }
    case 'limit': {
      const { action, count, live, allowed, share, always, keyIds: keys } = finding
      return { keys, action, limit: { count, live, allowed, share, always } }
    }
    case 'widening-forbidden':
      return {
        keys: [...new Set(finding.widened.map(({ keyId }) => keyId))],
        by: finding.by,
        widened: finding.widened.map(({ keyId, fields }) => ({ key: keyId, fields })),
        changes: finding.changes,
      }
    case 'policy-failed':
      return {
        keys: [...new Set(finding.found.map(({ keyId }) => keyId))],
        fail_on: finding.failOn,
        found: finding.found.map(({ keyId, rule }) => ({ key: keyId, rule })),
      }
    case 'not-rotated':
      return { key: finding.keyId, cause: finding.cause }
    case 'stale':
      return { key: finding.keyId }
    case 'not-live':
    case 'environment-unsupported':
    case 'listing-incomplete':
    case 'listing-narrowed':
      return { keys: finding.keyIds }
    case 'too-many-pending':
      return { key: finding.keyId, ids: finding.liveIds }
    case 'prune-withheld':
      return { keys: finding.keyIds, cause: finding.cause }
    case 'protected':
      return { key: finding.keyId, ids: [finding.liveId] }
    case 'calling-key':
    case 'other-host':
      return { key: finding.keyId, ids: [finding.liveId], action: finding.action }
    case 'store-left': {
      const { keyId: key, liveId, cause, stores, count } = finding
      return { key, ids: [liveId], cause, stores, count }
    }
    case 'being-made':
      return { key: finding.keyId, ids: [finding.liveId], until: isoTime(finding.until) }
    case 'date-near':
    case 'date-past':
      return { key: finding.keyId, at: isoTime(finding.at) }
    case 'break-glass-refused':
      return { key: finding.keyId, permissions: finding.permissions, cause: finding.cause }
    case 'break-glass': {
      const { keyId: key, liveId, permissions, until, state } = finding
      return { key, ids: [liveId], permissions, until: isoTime(until), cause: state }
    }
    case 'grant-near': {
      const { keyId: key, grant, name, until } = finding
      const what = grant === 'permission' ? { permissions: [name] } : { project: name }
      return { key, ...what, until: isoTime(until) }
    }
    case 'unused-declared':
      return { key: finding.keyId, ids: [finding.liveId], after_seconds: Math.round(finding.after / 1000) }
    case 'key-unreadable': {
      const { keyId: key, liveId, name } = finding
      return {
        ...(key === null ? {} : { key }),
        ids: liveId === null ? [] : [liveId],
        ...(name === null ? {} : { name }),
      }
    }
    case 'clock-contradicted':
      return { keys: finding.keyIds, ids: [finding.liveId], at: isoTime(finding.at) }
    case 'marker-unreadable':
      return { ids: [finding.liveId], name: finding.name }
  }
}
