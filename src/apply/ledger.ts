import type { Change, Plan } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import type { Outcome, Report } from '../model/outcome.ts'
import { endsRun } from './answers.ts'
import type { Run } from './run.ts'

/** What a piece of work has to say when it is done. */
export type Done = Omit<Extract<Outcome, { status: 'done' }>, 'change' | 'status'>

/** Keeps one outcome for every change of a plan. */
export interface Ledger {
  record(outcome: Outcome): void
  /** Begins work on a change, unless the run is to stop. Null where it did not begin or failed, which is then recorded. */
  begin<T>(change: Change, step: string, work: () => Promise<T>): Promise<T | null>
  /** Goes on with work that has begun, whether the run is to stop or not. Null where it failed, which is then recorded. */
  goOn<T>(change: Change, step: string, work: () => Promise<T>): Promise<T | null>
  /** Records what a piece of work resolved to. */
  done(change: Change, done: Done): void
  /** Something ended the whole run: nothing begins any more. */
  isHalted(): boolean
  /** The key ids of which a change was recorded that was not made. */
  undone(): ReadonlySet<string>
  report(): Report
}

function failureOf(cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  // The message of an unexpected error may quote what it failed on, which may be a secret: only its kind and place are told.
  const name = cause instanceof Error ? cause.name : typeof cause
  const place = (cause instanceof Error ? cause.stack : undefined)
    ?.split('\n')
    .find(line => /^\s+at /.test(line))
  return new Failure('failed', `An unexpected ${name}${place === undefined ? '' : ` ${place.trim()}`}`, {
    hints: ['This is a defect of fluxloop-keys. Please report it.'],
  })
}

export function openLedger(plan: Plan, run: Pick<Run, 'tell' | 'stopping'>): Ledger {
  const outcomes = new Map<Change, Outcome>()
  let halted = false

  const record = (outcome: Outcome) => {
    outcomes.set(outcome.change, outcome)
    run.tell({ event: 'finished', outcome })
  }
  const goOn: Ledger['goOn'] = async (change, step, work) => {
    run.tell({ event: 'started', change, step })
    try {
      return await work()
    } catch (cause) {
      if (endsRun(cause)) halted = true
      const { code, message, hints } = failureOf(cause)
      record({ change, status: 'failed', code, message, hints })
      return null
    }
  }
  return {
    record,
    goOn,
    begin: async (change, step, work) => {
      if (run.stopping.aborted || halted) {
        record({ change, status: 'skipped', why: halted ? 'stopped' : 'interrupted' })
        return null
      }
      return await goOn(change, step, work)
    },
    isHalted: () => halted,
    done: (change, done) => record({ change, status: 'done', ...done }),
    undone: () =>
      new Set(
        [...outcomes.values()].flatMap(({ status, change }) => (status === 'done' ? [] : [change.keyId])),
      ),
    report: () => ({
      outcomes: plan.changes.flatMap(change => outcomes.get(change) ?? []),
      interrupted: run.stopping.aborted,
    }),
  }
}
