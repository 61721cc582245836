import { day } from '../../../src/model/duration.ts'
import type { CalendarEntry } from '../../../src/model/calendar.ts'
import type { AuditFinding } from '../../../src/model/audit.ts'
import { computeCalendar } from '../../../src/plan/compute-calendar.ts'
import type { FleetStack } from '../file/fleet.ts'
import type { FindingChange } from '../ledger/finding-states.ts'
import type { Fact, NoticeStack } from '../notify/notice.ts'
import { endSteps } from '../notify/notice.ts'
import type { Judgement } from './judge-run.ts'
import type { StackRun } from './run-stack.ts'

/** What a fact is about, and who has to know it where a key names nobody. */
function placeOf(stack: FleetStack, { reconciliation }: StackRun): NoticeStack {
  const { name, account } = stack
  const plan = reconciliation?.plan
  return { name, origin: plan?.platform ?? account.apiUrl, account: plan?.account ?? null }
}

function ownerOf(keyId: string | null, { owner }: FleetStack, { reconciliation }: StackRun): string | null {
  return reconciliation?.desired.keys.find(key => key.keyId === keyId)?.owner ?? owner
}

/** Open findings, and those that were resolved just now. */
function findingFacts(stack: FleetStack, run: StackRun, changed: readonly FindingChange[]): readonly Fact[] {
  const states = new Map(changed.map(({ fingerprint, to }) => [fingerprint, to]))
  const found = run.reconciliation?.audit?.findings ?? []
  const severities = new Map<string, AuditFinding['severity']>(
    found.map(({ rule, severity }) => [rule, severity]),
  )
  const place = placeOf(stack, run)
  const there = found.map(
    ({ fingerprint, rule, severity, subject: { keyId }, message, suppressedBy }): Fact => {
      const state = states.get(fingerprint) ?? (suppressedBy === null ? 'open' : 'suppressed')
      const owner = ownerOf(keyId, stack, run)
      return { kind: 'finding', ...place, owner, fingerprint, rule, severity, keyId, message, state }
    },
  )
  const gone = changed.flatMap(({ fingerprint, rule, keyId, message, to }): readonly Fact[] => {
    if (to !== 'resolved') return []
    const owner = ownerOf(keyId, stack, run)
    const severity = severities.get(rule) ?? 'high'
    return [{ kind: 'finding', ...place, owner, fingerprint, rule, severity, keyId, message, state: to }]
  })
  return [...there, ...gone]
}

/** Keys that end and that nothing renews before. */
function endings(
  entries: readonly CalendarEntry[],
): readonly { readonly keyId: string; readonly at: number }[] {
  return entries.flatMap(({ event, keyId, name, at }) =>
    event === 'expires' ? [{ keyId: keyId ?? name, at }] : [],
  )
}

function endFacts(stack: FleetStack, run: StackRun): readonly Fact[] {
  const { reconciliation } = run
  if (reconciliation === null) return []
  const { desired, gathered, options } = reconciliation
  const { current, now } = gathered
  const { entries } = computeCalendar(desired, current, now, now + endSteps[0] * day, options)
  return endings(entries).map(({ keyId, at: ends }) => ({
    kind: 'key-end',
    ...placeOf(stack, run),
    owner: ownerOf(keyId, stack, run),
    keyId,
    ends,
  }))
}

function rotationFacts(stack: FleetStack, run: StackRun): readonly Fact[] {
  const outcomes = run.report?.outcomes ?? []
  return outcomes.flatMap((outcome): readonly Fact[] => {
    const { keyId, kind } = outcome.change
    if (kind !== 'rotate' || (outcome.status !== 'done' && outcome.status !== 'failed')) return []
    const failed = outcome.status === 'failed'
    const problem = failed ? outcome.message : ''
    return [
      { kind: 'rotation', ...placeOf(stack, run), owner: ownerOf(keyId, stack, run), keyId, failed, problem },
    ]
  })
}

/** Everything that a run found out and somebody may have to know. `changed`: of findings, what is not as it was. */
export function factsOfRun(
  stack: FleetStack,
  run: StackRun,
  { state, problem }: Judgement,
  changed: readonly FindingChange[],
): readonly Fact[] {
  const { owner } = stack
  const states: readonly Fact[] =
    state === 'busy' ? [] : [{ kind: 'stack-state', ...placeOf(stack, run), owner, state, problem }]
  return [
    ...states,
    ...findingFacts(stack, run, changed),
    ...endFacts(stack, run),
    ...rotationFacts(stack, run),
  ]
}
