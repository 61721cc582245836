import type { Context } from '../context.ts'
import { type Instant, parseDate, parseDuration } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import type { LogLine } from '../model/log.ts'
import { renderHistory } from '../render/report/history-text.ts'
import { jsonText } from '../render/text/json.ts'
import { plural } from '../render/text/values.ts'
import { findHistory } from './run-history.ts'

export interface HistoryOptions {
  readonly log: string | null
  readonly key: string | null
  /** Only runs that began then or later: a date or a period until now; null: all. */
  readonly since: string | null
  readonly json: boolean
}

/** The changes of one key, and the runs that made any. */
function about(key: string, lines: readonly LogLine[]): readonly LogLine[] {
  const changes = lines.filter(line => line.event === 'change' && (line.key === key || line.id === key))
  const runs = new Set(changes.map(({ run }) => run))
  return lines.filter(line => changes.includes(line) || (line.event === 'run' && runs.has(line.run)))
}

/** The moment that `--since` names: the beginning of a day in UTC, or a period before now. Throws a usage `Failure`. */
function momentOf(since: string, now: Instant): Instant {
  const period = parseDuration(since)
  const moment = parseDate(since) ?? (period === null ? null : now - period)
  if (moment !== null) return moment
  throw new Failure(
    'usage',
    `--since takes a date such as 2027-01-01 or a period such as 30d, not \`${since}\``,
  )
}

/** The runs that began at that moment or later, with their changes. */
function beganSince(moment: Instant, lines: readonly LogLine[]): readonly LogLine[] {
  const earlier = new Set(
    lines.filter(({ event, at }) => event === 'run' && Date.parse(at) < moment).map(({ run }) => run),
  )
  return lines.filter(({ run, at }) => !earlier.has(run) && Date.parse(at) >= moment)
}

/** Shows what a log holds, oldest first. */
export async function runHistory(options: HistoryOptions, context: Context): Promise<number> {
  const moment = options.since === null ? null : momentOf(options.since, context.now())
  const history = await findHistory(options.log, context)
  if (history === null) {
    throw new Failure('usage', 'history needs to know which log to read', {
      hints: [
        'Name it with --log FILE, or in the environment as FLUXLOOP_KEYS_LOG.',
        'The history of a fleet is read where FLUXLOOP_KEYS_DATABASE_URL names its database.',
      ],
    })
  }
  const { lines, unreadable } = await history.read(moment)
  const { stdout, stderr } = context
  const recent = moment === null ? lines : beganSince(moment, lines)
  const shown = options.key === null ? recent : about(options.key, recent)
  stdout.print(
    options.json
      ? jsonText({ lines: shown, unreadable })
      : renderHistory(shown, { ...stdout, whole: recent }),
  )
  if (unreadable > 0 && !options.json)
    stderr.print(
      `${plural(unreadable, 'line')} of the log cannot be read and ${unreadable === 1 ? 'is' : 'are'} left out.`,
    )
  return 0
}
