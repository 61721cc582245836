import { sha256 } from '../commands/plan-store.ts'
import type { Gathered } from '../apply/gather.ts'
import type { Change, Plan } from '../model/change.ts'
import type { DesiredState } from '../model/desired.ts'
import { type Instant, type Milliseconds, minute } from '../model/duration.ts'
import { compareWithApproved, touchedKeys } from '../plan/approved.ts'
import { computePlan } from '../plan/compute-plan.ts'
import type { PlanOptions } from '../plan/input.ts'
import type { PlanFile } from '../plan/plan-file.ts'
import { changedBasis, reviewBasis } from '../plan/review.ts'
import type { Approval, Unapproved } from './approvals.ts'

/** What of the plans that were approved is to be done now. */
export interface ApprovedChanges {
  /** As a plan made now would have them, sorted by key id. */
  readonly changes: readonly Change[]
  /** Key ids that were approved, and are due for something else by now. */
  readonly stale: readonly string[]
  /** What approved any of it: `#12`. */
  readonly by: readonly string[]
  /** Plans that are about something else than this platform and account. */
  readonly unapproved: readonly Unapproved[]
}

export interface Present {
  readonly desired: DesiredState
  readonly gathered: Gathered
  readonly options: PlanOptions
  readonly origin: string
  /** How long a plan counts as it was made; after that it is made again, and has to come out the same. */
  readonly lifetime: Milliseconds
}

/** The moment to plan for: the approved plan's own, for as long as it lives. */
function momentOf({ plan, validUntil }: PlanFile, now: Instant, lifetime: Milliseconds): Instant {
  return now < Math.min(validUntil, plan.now + lifetime) ? plan.now : now
}

function strayOf({ origin, account, plan }: PlanFile, { gathered, origin: here }: Present): string | null {
  if (origin !== here) return `its plan is for the platform ${origin}, and this is ${here}`
  const { caller } = gathered.current
  if (account !== caller.account)
    return `its plan is for the account ${account}, and this is ${caller.account}`
  return plan.now > gathered.now + minute ? 'its plan was made at a moment that is yet to come' : null
}

/** What a change does to which key, whatever exactly. */
function sort({ kind, keyId, live }: PlanFile['plan']['changes'][number]): string {
  return JSON.stringify([kind, keyId, live?.id ?? null])
}

/** What one approved plan comes to now, by key id; `stale`: its keys that are due for something else. */
function changesOf(
  { file }: Approval,
  present: Present,
): { readonly changes: readonly Change[]; readonly stale: readonly string[] } {
  const { desired, gathered, options, lifetime } = present
  const moment = momentOf(file, gathered.now, lifetime)
  const fresh = computePlan(desired, gathered.current, moment, options)
  const due = new Set(fresh.changes.map(sort))
  const isLeft = (keyId: string) =>
    file.plan.changes.some(change => change.keyId === keyId && due.has(sort(change)))
  // What is not due any more was done, whatever else its key is due for by now.
  const left = { ...file.plan, changes: file.plan.changes.filter(({ keyId }) => isLeft(keyId)) }
  const { changes, stale } = compareWithApproved(left, fresh)
  const basis = reviewBasis(desired, touchedKeys(left), sha256)
  const otherwise = changedBasis({ ...file, plan: left }, basis)
  return {
    changes: changes.filter(({ keyId }) => !otherwise.includes(keyId)),
    stale: [...new Set([...stale, ...otherwise])],
  }
}

/**
 * What several approved plans, the oldest first, come to now: of a key that more than one of them touches, the newest that still fits counts.
 * Nothing of the files is carried out: they choose from plans that are made here.
 */
export function approvedChanges(approvals: readonly Approval[], present: Present): ApprovedChanges {
  const byKey = new Map<string, readonly Change[]>()
  const stale = new Set<string>()
  const unapproved: Unapproved[] = []
  const by: string[] = []
  for (const approval of approvals) {
    const stray = strayOf(approval.file, present)
    if (stray !== null) {
      unapproved.push({ by: approval.by, why: stray })
      continue
    }
    const found = changesOf(approval, present)
    if (found.changes.length > 0) by.push(approval.by)
    for (const keyId of found.stale) stale.add(keyId)
    for (const keyId of touchedKeys(found)) {
      byKey.set(
        keyId,
        found.changes.filter(change => change.keyId === keyId),
      )
      stale.delete(keyId)
    }
  }
  const changes = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, each]) => each)
  return { changes, stale: [...stale].filter(keyId => !byKey.has(keyId)).sort(), by, unapproved }
}

/** What of a plan nobody approved: it waits for a review. */
export function unapprovedPart(whole: Plan, approved: readonly Change[]): Plan {
  const done = new Set(approved.map(({ keyId }) => keyId))
  return { ...whole, changes: whole.changes.filter(({ keyId }) => !done.has(keyId)) }
}
