import type { AuditException } from '../model/audit-policy.ts'
import { type AuditFinding, type AuditReport, fingerprintOf } from '../model/audit.ts'
import { type BuiltInRule, type Severity, auditRules, compareSeverity } from '../model/audit-rule.ts'
import { agreeingRemedies } from './agree.ts'
import { type AuditedKey, auditedKeys, liveKeysOf, subjectOf } from './audited-key.ts'
import { enabledRules, lacking, severityOf } from './enabled.ts'
import type { AuditFacts } from './audit-facts.ts'
import { askOwnRule } from './own-rules.ts'
import { type Draft, type Rule, clean } from './rule.ts'
import { exceptionUnmatched } from './rules/exception-unmatched.ts'
import { rules } from './rule-list.ts'
import { suppress } from './suppress.ts'
import { unseenLog } from './unseen.ts'

interface Asked {
  readonly id: string
  /** Where the policy or the rule's own draft says nothing else. */
  readonly severity: Severity
  /** The policy's word goes over what a draft says. */
  readonly decided: boolean
  readonly verdict: Rule
}

const isRule = (rule: BuiltInRule): rule is keyof typeof rules => rule !== 'exception-unmatched'

function asked(facts: AuditFacts, log: ReturnType<typeof unseenLog>): readonly Asked[] {
  const policy = facts.desired.policy.audit
  const builtIn = enabledRules(policy)
    .filter(isRule)
    .flatMap((id): Asked[] => {
      const why = lacking(auditRules[id].needs, facts)
      if (why !== null) log.add(why, id, [])
      const severity = severityOf(id, policy)
      if (why !== null || severity === null) return []
      const decided = policy.severities[id] !== undefined
      return [{ id, severity, decided, verdict: rules[id] }]
    })
  const own = facts.ownRules.flatMap((compiled): Asked[] => {
    const { id, severity } = compiled.rule
    const why = lacking(compiled.needs, facts)
    if (why !== null) log.add(why, id, [])
    const verdict: Rule = key => (key.kind === 'declared' ? askOwnRule(compiled, key, facts) : [])
    return why === null ? [{ id, severity, decided: true, verdict }] : []
  })
  return [...builtIn, ...own]
}

function toFinding(
  key: AuditedKey,
  draft: Draft,
  { id: rule, severity, decided }: Omit<Asked, 'verdict'>,
  stack: string,
): AuditFinding {
  const { permission = null, project = null, about = null, message, evidence, remedy } = draft
  const subject = subjectOf(key)
  return {
    rule,
    subject,
    permission,
    project,
    about,
    severity: decided ? severity : (draft.severity ?? severity),
    message,
    evidence,
    remedy,
    position: draft.position ?? (key.kind === 'declared' ? key.desired.position : null),
    fingerprint: fingerprintOf(stack, { rule, subject, permission, project, about }),
    suppressedBy: null,
  }
}

function sortByWeight(findings: readonly AuditFinding[]): readonly AuditFinding[] {
  const name = ({ subject, rule, permission, project, about }: AuditFinding) =>
    `${subject.keyId ?? '\uffff'}\0${subject.liveId ?? ''}\0${rule}\0${permission ?? ''}\0${project ?? ''}\0${about ?? ''}`
  return findings
    .map(finding => ({ finding, name: name(finding) }))
    .sort((a, b) => compareSeverity(b.finding.severity, a.finding.severity) || (a.name < b.name ? -1 : 1))
    .map(({ finding }) => finding)
}

const noRules: ReadonlySet<string> = new Set()
const noExceptions: readonly AuditException[] = []
const nothing: readonly AuditFinding[] = []

/** What every key is held against. */
interface Examination {
  readonly facts: AuditFacts
  readonly asked: readonly Asked[]
  readonly askedIds: ReadonlySet<string>
  readonly unmatchedSeverity: Severity | null
  readonly log: ReturnType<typeof unseenLog>
}

function findingsOn(key: AuditedKey, examination: Examination): readonly AuditFinding[] {
  const { facts, askedIds, unmatchedSeverity, log } = examination
  const { stack } = facts.desired
  const found: AuditFinding[] = []
  let unseen = noRules
  for (const one of examination.asked) {
    const verdict = one.verdict(key, facts)
    if (verdict === clean) continue
    if ('unseen' in verdict) {
      const liveIds = liveKeysOf(key).map(({ id }) => id)
      log.add(verdict.unseen, one.id, liveIds)
      unseen = new Set([...unseen, one.id])
    } else for (const draft of verdict) found.push(toFinding(key, draft, one, stack))
  }
  const exceptions = key.kind === 'declared' ? key.desired.exceptions : noExceptions
  // Nearly every key.
  if (found.length === 0 && exceptions.length === 0) return nothing
  const { findings, idle } = suppress(found, exceptions, facts.now)
  const unmatched =
    unmatchedSeverity === null
      ? []
      : exceptionUnmatched(idle.filter(({ rule }) => askedIds.has(rule) && !unseen.has(rule))).map(draft =>
          toFinding(
            key,
            draft,
            { id: 'exception-unmatched', severity: unmatchedSeverity, decided: true },
            stack,
          ),
        )
  return agreeingRemedies(key, unmatched.length === 0 ? findings : [...findings, ...unmatched])
}

/** Applies all rules that are on and the policy's own to all keys. Pure. Throws a Failure where an own rule cannot be worked out. */
export function auditState(facts: AuditFacts): AuditReport {
  const { desired, live, now, windowDays, usage, requests } = facts
  const { stack, policy } = desired
  const log = unseenLog()
  const all = asked(facts, log)
  const examination: Examination = {
    facts,
    asked: all,
    askedIds: new Set(all.map(({ id }) => id)),
    unmatchedSeverity: severityOf('exception-unmatched', policy.audit),
    log,
  }
  const keys = auditedKeys(facts)
  const findings: AuditFinding[] = []
  let cleanKeys = 0
  for (const key of keys) {
    const own = findingsOn(key, examination)
    if (own.every(({ suppressedBy }) => suppressedBy !== null)) cleanKeys += 1
    findings.push(...own)
  }
  return {
    platform: live?.platform ?? null,
    account: live?.caller.account ?? null,
    stack,
    now,
    mode: live === null ? 'offline' : usage === null ? 'declarations-and-keys' : 'full',
    windowDays,
    findings: sortByWeight(findings),
    notLookedAt: log.entries(),
    keys: { total: keys.length, clean: cleanKeys },
    requests,
    known: null,
  }
}

/** The findings that count against a limit of severity: no exception answers for them. */
export function findingsAtOrAbove({ findings }: AuditReport, limit: Severity): readonly AuditFinding[] {
  return findings.filter(
    ({ severity, suppressedBy }) => suppressedBy === null && compareSeverity(severity, limit) >= 0,
  )
}
