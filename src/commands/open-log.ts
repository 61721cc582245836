import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import type { Caller } from '../model/caller.ts'
import type { Plan } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Outcome } from '../model/outcome.ts'
import { type LogFacts, changeLine, logText, runLine } from '../render/report/log-line.ts'
import type { RunLog } from '../runtime/run-log.ts'

/** The log that was asked for; null where none was. */
export function logPath(asked: string | null, { env, cwd }: Pick<Context, 'env' | 'cwd'>): string | null {
  const named = asked ?? env['FLUXLOOP_KEYS_LOG'] ?? ''
  return named === '' ? null : resolve(cwd, named)
}

/** Opens it before anything else is done, so that a log that cannot be written stops a run that has touched nothing. */
export async function openAskedLog(asked: string | null, context: Context): Promise<RunLog | null> {
  const path = logPath(asked, context)
  return path === null ? null : await context.openLog(path)
}

/** Writes down one run, line by line as it happens. */
export interface RunRecorder {
  readonly outcome: (outcome: Outcome) => void
  /** What kept lines from being written once the run was on its way; null where nothing did. */
  readonly trouble: () => Failure | null
}

/** Begins with the line of the run itself, and throws where that cannot be written: nothing is touched yet. */
export function beginRecording(
  log: RunLog,
  plan: Plan,
  caller: Caller,
  clock: () => Instant,
  context: Pick<Context, 'operator' | 'nonce'>,
): RunRecorder {
  const { account, key } = caller
  const by = { account, key: key?.name ?? null, key_id: key?.id ?? null, ...context.operator() }
  const facts: LogFacts = { run: context.nonce(), by }
  log.append(logText(runLine(plan, clock(), facts)))
  let trouble: Failure | null = null
  return {
    outcome: outcome => {
      try {
        log.append(logText(changeLine(plan, outcome, clock(), facts)))
      } catch (cause) {
        // A run that stops half way because of its log would be worse than a log with a gap.
        if (!(cause instanceof Failure)) throw cause
        trouble ??= cause
      }
    },
    trouble: () => trouble,
  }
}
