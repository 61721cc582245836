import type { Change, Update } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'
import { inRenameOrder, renames } from '../plan/plan-renames.ts'
import type { Ledger } from './ledger.ts'
import { patch } from './patch.ts'
import type { Run } from './run.ts'

/** What is left to do once keys bear their new names. */
interface Renamed {
  /** With the keys as their renames left them. */
  readonly changes: readonly Change[]
  /** Takes what becomes of them, as of the changes of the plan. */
  readonly ledger: Ledger
}

/**
 * Renames before anything else is done: the keys of one key id one after the other, the head last. Killed anywhere, the next run
 * finds one head, under the former name or the new one. Where one could not be renamed, nothing else is done to its key id.
 */
export async function renameFirst(changes: readonly Change[], ledger: Ledger, run: Run): Promise<Renamed> {
  const groups = new Map<string, Update[]>()
  for (const change of changes.filter(renames))
    groups.set(change.keyId, [...(groups.get(change.keyId) ?? []), change])
  if (groups.size === 0) return { changes, ledger }
  const present = new Map<string, LiveKey>()
  const failed = new Set<string>()
  const work = async ([keyId, group]: readonly [string, readonly Update[]]) => {
    if (!(await renameOneByOne(group, present, ledger, run))) failed.add(keyId)
  }
  await Promise.all([...groups].map(work))
  const planned = new Map<Change, Change>()
  for (const change of changes) {
    // A revocation looks at its key anew, and waits for everything else.
    if (renames(change) || change.kind === 'revoke') continue
    if (failed.has(change.keyId)) skip(change, ledger, run)
    else planned.set(atPresent(change, present), change)
  }
  return { changes: [...planned.keys()], ledger: ledgerOf(planned, ledger) }
}

/** The same change to the keys as they are now. */
function atPresent(change: Change, present: ReadonlyMap<string, LiveKey>): Change {
  const now = (live: LiveKey) => present.get(live.id) ?? live
  switch (change.kind) {
    case 'create':
    case 'adopt':
      return change
    case 'rotate': {
      const { live, leaked, predecessors } = change
      return { ...change, live: now(live), leaked: leaked.map(now), predecessors: predecessors.map(now) }
    }
    case 'heal': {
      const pending = change.pending.map(each => ({ ...each, live: now(each.live) }))
      return { ...change, pending, predecessors: change.predecessors.map(now) }
    }
    case 'deliver':
      return { ...change, live: now(change.live), predecessors: change.predecessors.map(now) }
    case 'update':
    case 'release':
    case 'revoke':
      return { ...change, live: now(change.live) }
  }
}

/** A ledger for changes that stand for others. */
function ledgerOf(planned: ReadonlyMap<Change, Change>, ledger: Ledger): Ledger {
  const of = (change: Change) => planned.get(change) ?? change
  return {
    ...ledger,
    record: outcome => ledger.record({ ...outcome, change: of(outcome.change) }),
    begin: (change, step, work) => ledger.begin(of(change), step, work),
    goOn: (change, step, work) => ledger.goOn(of(change), step, work),
    done: (change, done) => ledger.done(of(change), done),
  }
}

/** Fills `present`. False where one of them could not be renamed. */
async function renameOneByOne(
  group: readonly Update[],
  present: Map<string, LiveKey>,
  ledger: Ledger,
  run: Run,
): Promise<boolean> {
  let works = true
  for (const change of inRenameOrder(group)) {
    if (!works) {
      skip(change, ledger, run)
      continue
    }
    const patched = await ledger.begin(change, 'renaming', () => patch(change, new Map(), run))
    if (patched === null) works = false
    else {
      present.set(change.live.id, patched.live)
      ledger.done(change, patched.done)
    }
  }
  return works
}

function skip(change: Change, ledger: Ledger, { stopping }: Run): void {
  ledger.record({ change, status: 'skipped', why: stopping.aborted ? 'interrupted' : 'earlier-failure' })
}
