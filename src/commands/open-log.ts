import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import type { Caller } from '../model/caller.ts'
import type { Plan } from '../model/change.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { Outcome } from '../model/outcome.ts'
import type { LogLine } from '../model/log.ts'
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

/** Where the lines of a run go. */
export interface LogSink {
  /** Rejects with a Failure. */
  append(line: LogLine): Promise<void>
}

function fileSink(log: RunLog): LogSink {
  return {
    append: line =>
      new Promise(resolve => {
        log.append(logText(line))
        resolve()
      }),
  }
}

/** The log of this machine, and the history of the fleet, as far as there are any. */
export function logSinks(log: RunLog | null, fleet: LogSink | null): readonly LogSink[] {
  const file = log === null ? [] : [fileSink(log)]
  return fleet === null ? file : [...file, fleet]
}

/** Writes down one run, line by line as it happens. */
export interface RunRecorder {
  readonly outcome: (outcome: Outcome) => void
  /** Once all is written: what kept lines from being written after the run was on its way; null where nothing did. */
  readonly trouble: () => Promise<Failure | null>
}

/** Begins with the line of the run itself, and rejects where that cannot be written: nothing is touched yet. */
export async function beginRecording(
  sinks: readonly LogSink[],
  plan: Plan,
  caller: Caller,
  clock: () => Instant,
  context: Pick<Context, 'operator' | 'nonce'>,
): Promise<RunRecorder | null> {
  if (sinks.length === 0) return null
  const { account, key } = caller
  const by = { account, key: key?.name ?? null, key_id: key?.id ?? null, ...context.operator() }
  const facts: LogFacts = { run: context.nonce(), by }
  const begun = runLine(plan, clock(), facts)
  for (const sink of sinks) await sink.append(begun)
  let trouble: Failure | null = null
  const append = async (sink: LogSink, line: LogLine) => {
    try {
      await sink.append(line)
    } catch (cause) {
      // A run that stops half way because of its log would be worse than a log with a gap.
      if (!(cause instanceof Failure)) throw cause
      trouble ??= cause
    }
  }
  const written = sinks.map(() => Promise.resolve())
  return {
    outcome: outcome => {
      const line = changeLine(plan, outcome, clock(), facts)
      for (const [index, sink] of sinks.entries())
        written[index] = (written[index] ?? Promise.resolve()).then(() => append(sink, line))
    },
    trouble: async () => {
      await Promise.all(written)
      return trouble
    },
  }
}
