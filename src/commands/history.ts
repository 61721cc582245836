import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import type { LogLine } from '../model/log.ts'
import { renderHistory } from '../render/history.ts'
import { jsonText } from '../render/json.ts'
import { plural } from '../render/values.ts'
import { logPath } from './log.ts'

export interface HistoryOptions {
  readonly log: string | null
  readonly key: string | null
  readonly json: boolean
}

/** The changes of one key, and the runs that made any. */
function about(key: string, lines: readonly LogLine[]): readonly LogLine[] {
  const changes = lines.filter(line => line.event === 'change' && (line.key === key || line.id === key))
  const runs = new Set(changes.map(({ run }) => run))
  return lines.filter(line => changes.includes(line) || (line.event === 'run' && runs.has(line.run)))
}

/** Shows what a log holds, oldest first. */
export async function runHistory(options: HistoryOptions, context: Context): Promise<number> {
  const path = logPath(options.log, context)
  if (path === null) {
    throw new Failure('usage', 'history needs to know which log to read', {
      hints: ['Name it with --log FILE, or in the environment as FLUXLOOP_KEYS_LOG.'],
    })
  }
  const { lines, unreadable } = await context.readLog(path)
  const { stdout, stderr } = context
  const shown = options.key === null ? lines : about(options.key, lines)
  stdout.print(options.json ? jsonText({ lines: shown, unreadable }) : renderHistory(shown, stdout))
  if (unreadable > 0 && !options.json)
    stderr.print(
      `${plural(unreadable, 'line')} of the log cannot be read and ${unreadable === 1 ? 'is' : 'are'} left out.`,
    )
  return 0
}
