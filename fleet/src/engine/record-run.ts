import type { Milliseconds } from '../../../src/model/duration.ts'
import { widenedFields } from '../../../src/model/widening.ts'
import { operator } from '../../../src/runtime/host.ts'
import { nonce } from '../../../src/runtime/nonce.ts'
import type { Database } from '../database/connect.ts'
import type { FleetStack } from '../file/fleet.ts'
import type { FindingChange } from '../ledger/finding-states.ts'
import { recordFindings } from '../ledger/finding-rows.ts'
import { beginRun, endRun } from '../ledger/runs.ts'
import type { StackRun } from './run-stack.ts'

/** What the history keeps of a run besides the lines of its log. */
export interface RecordedRun {
  /** The id that its lines have; null: it applied nothing, so there are none. */
  readonly run: string | null
  readonly requests: number
  readonly epoch: number | null
  readonly took: Milliseconds
}

async function recordItself(
  stack: FleetStack,
  { reconciliation, mode, exitCode }: StackRun,
  { run, requests, epoch, took: age }: RecordedRun,
  db: Database,
): Promise<void> {
  if (reconciliation === null) return
  const { plan, gathered } = reconciliation
  const { key } = gathered.current.caller
  const counts: Record<string, number> = {}
  for (const { kind } of plan.changes) counts[kind] = (counts[kind] ?? 0) + 1
  const id = run ?? nonce()
  await beginRun(db, {
    ...{ run: id, origin: plan.platform, stack: plan.stack, account: plan.account, fleetStack: stack.name },
    ...{ mode, epoch, ...operator(), keyId: key?.id ?? null, keyName: key?.name ?? null, plan: counts },
    age,
    widens: plan.changes.some(change => widenedFields(change).length > 0),
  })
  await endRun(db, id, { exitCode, requests })
}

/** Writes a run and its findings into the history. Resolves to the findings that are not as they were. */
export async function recordRun(
  stack: FleetStack,
  run: StackRun,
  recorded: RecordedRun,
  db: Database,
): Promise<readonly FindingChange[]> {
  await recordItself(stack, run, recorded, db)
  const { reconciliation } = run
  if (reconciliation?.audit == null) return []
  const { plan, audit } = reconciliation
  return await recordFindings(
    db,
    { origin: plan.platform, account: plan.account, stack: plan.stack },
    audit.findings.map(({ fingerprint, rule, severity, subject, message, suppressedBy }) => ({
      ...{ fingerprint, rule, severity, message, keyId: subject.keyId, liveId: subject.liveId },
      suppressed: suppressedBy !== null,
    })),
  )
}
