import type { AuditException } from './audit-policy.ts'
import type { Severity } from './audit-rule.ts'
import type { Position } from './position.ts'
import type { Instant } from './duration.ts'
import { longHash } from './hash.ts'
import { usageGaps } from './observed-usage.ts'

/** Which key a finding is about: declared, live, or both. */
export interface AuditSubject {
  readonly keyId: string | null
  readonly liveId: string | null
  readonly name: string
  /** Of a managed live key. */
  readonly generation: number | null
}

/** One figure that a finding rests on. Names are camelCase; instants are ISO 8601, durations whole days. */
export interface Evidence {
  readonly name: string
  readonly value: string | number | boolean | readonly string[] | null
}

export interface AuditFinding {
  /** A built-in rule, or one of the policy's own. */
  readonly rule: string
  readonly severity: Severity
  readonly subject: AuditSubject
  readonly permission: string | null
  readonly project: string | null
  /** What else tells it from others of its rule on this key: the rule of an exception. Null for most. */
  readonly about: string | null
  /** One sentence, with its figures. */
  readonly message: string
  readonly evidence: readonly Evidence[]
  /** What to do, one sentence. */
  readonly remedy: string
  /** Of the declaration, as near as it is known; null where nothing declares the key. */
  readonly position: Position | null
  readonly fingerprint: string
  /** The exception that answers for it; it stays visible. */
  readonly suppressedBy: AuditException | null
}

export const unseenReasons = {
  ...usageGaps,
  offline: 'the audit looked at the configuration alone',
  'platform-does-not-say': 'the platform does not say',
  'own-look': 'unknown: this program looked at the key last, which hides who used it before',
  'unknown-operation': 'it was used for operations that this version does not know',
  'window-too-short': 'a consumer is declared to work less often than the window is long',
  'too-young': 'the key is younger than the window',
  'no-live-key': 'it has no live key yet',
  'list-incomplete': 'the list of live keys may lack some',
} as const

export type Unseen = keyof typeof unseenReasons

/** What was not looked at, and why. */
export interface NotLookedAt {
  readonly rules: readonly string[]
  readonly liveIds: readonly string[]
  readonly why: Unseen
}

export interface AuditReport {
  /** The API's origin; null where nobody asked the platform. */
  readonly platform: string | null
  readonly account: string | null
  readonly stack: string
  readonly now: Instant
  readonly mode: 'offline' | 'declarations-and-keys' | 'full'
  /** Whole days of usage that findings rest on. */
  readonly windowDays: number
  /** Worst first, then by key, rule, permission and project; suppressed ones too. */
  readonly findings: readonly AuditFinding[]
  readonly notLookedAt: readonly NotLookedAt[]
  /** How many keys were looked at, and on how many of them nothing was found that no exception answers for. */
  readonly keys: { readonly total: number; readonly clean: number }
  /** Requests that the audit made. */
  readonly requests: number
  /** How many findings were left out, since a report from before has them; null: there was none to compare with. */
  readonly known: number | null
}

/**
 * 16 hexadecimal digits that name a finding from run to run: over what it is about, never over figures, lines or times.
 * A declared key counts by its key id, so that a finding outlives a rotation.
 */
export function fingerprintOf(
  stack: string,
  {
    rule,
    subject,
    permission,
    project,
    about,
  }: Pick<AuditFinding, 'rule' | 'subject' | 'permission' | 'project' | 'about'>,
): string {
  const { keyId, liveId } = subject
  const kind = keyId === null ? 'live' : 'declared'
  return longHash(JSON.stringify([rule, stack, kind, keyId ?? liveId, permission, project, about]))
}
