import type { ChangeLine, LogLine, LoggedCaller, RunLine } from '../../model/log.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { minimumWidth, wrap } from '../text/layout.ts'
import { dateTime } from '../text/time.ts'
import { nameText, plural } from '../text/values.ts'

const safe = (text: string) => escapeControls(redactSecrets(text))

function callerText({ account, key, host, user }: LoggedCaller): string {
  const who = key === null ? safe(account) : `${nameText(safe(key))} (${safe(account)})`
  return `${who}, ${safe(user)} on ${safe(host)}`
}

function planText({ plan }: RunLine): string {
  const parts = Object.entries(plan).flatMap(([kind, count]) =>
    count > 0 ? [`${count} to ${safe(kind)}`] : [],
  )
  return parts.length === 0 ? 'nothing to do' : parts.join(', ')
}

function outcomeText({ action, outcome, id }: ChangeLine, { green, red, yellow }: Palette): string {
  const live = id === null ? '' : ` ${nameText(safe(id))}`
  switch (outcome.status) {
    case 'done': {
      const word = outcome.done === 'revoked' ? red(outcome.done) : green(safe(outcome.done))
      const places = outcome.places.length === 0 ? '' : ` in ${outcome.places.map(safe).join(', ')}`
      const removed = (outcome.removed ?? []).map(({ store, result }) => `; ${safe(result)}: ${safe(store)}`)
      return `${word}${live}${places}${removed.join('')}`
    }
    case 'failed':
      return `${red(`failed to ${safe(action)}`)}${live}: ${safe(outcome.message)}`
    case 'not_started':
      return `${yellow(`not started (${safe(action)})`)}${live}: ${safe(outcome.why)}`
    case 'held':
      return `${yellow('held')}${live}: it came into use`
  }
}

/** What came of a run: `2 of 3 done, 1 failed`. A run that ended early has fewer outcomes than its plan has changes. */
function resultText(run: RunLine, lines: readonly LogLine[], { green, red, yellow }: Palette): string {
  const outcomes = lines.flatMap(line =>
    line.event === 'change' && line.run === run.run ? [line.outcome] : [],
  )
  const planned = Object.values(run.plan).reduce((sum, count) => sum + count, 0)
  const count = (status: ChangeLine['outcome']['status']) =>
    outcomes.filter(outcome => outcome.status === status).length
  const [done, failed, held, left] = [count('done'), count('failed'), count('held'), count('not_started')]
  const missing = Math.max(0, planned - outcomes.length)
  const all = done === planned ? green(`${done} done`) : `${done} of ${planned} done`
  return [
    all,
    ...(failed > 0 ? [red(`${failed} failed`)] : []),
    ...(held > 0 ? [yellow(`${held} held`)] : []),
    ...(left > 0 ? [yellow(`${left} not started`)] : []),
    ...(missing > 0 ? [red(`${missing} without an outcome: the run ended early`)] : []),
  ].join(', ')
}

/** `all`: the whole log, by which a run's outcome is told even where only one key's lines are shown. */
function lineText(line: LogLine, all: readonly LogLine[], palette: Palette, width: number): string[] {
  const when = dateTime(Date.parse(line.at))
  if (line.event === 'run') {
    return [
      '',
      ...wrap(
        `${palette.bold(when)} ${nameText(safe(line.stack))}: ${planText(line)} → ${resultText(line, all, palette)}`,
        width,
        '',
        '  ',
      ),
      ...wrap(palette.dim(`by ${callerText(line.by)}`), width, '  ', '    '),
    ]
  }
  const reasons = line.reasons.map(({ message }) => safe(message)).join('; ')
  return [
    ...wrap(
      `${when} ${palette.bold(nameText(safe(line.key)))} ${outcomeText(line, palette)}`,
      width,
      '  ',
      '    ',
    ),
    ...wrap(palette.dim(`# ${reasons}`), width, '    ', '    # '),
  ]
}

/** A log for people, oldest first: each run, what came of it and of each of its changes, and why. `whole`: the log that the lines are from. Ends without a line break. */
export function renderHistory(
  lines: readonly LogLine[],
  options: { readonly palette: Palette; readonly width: number; readonly whole?: readonly LogLine[] },
): string {
  const { palette, whole = lines } = options
  const width = Math.max(minimumWidth, options.width)
  const changes = lines.filter(({ event }) => event === 'change').length
  const text = lines.flatMap(line => lineText(line, whole, palette, width))
  return [
    ...text.slice(text[0] === '' ? 1 : 0),
    ...(text.length === 0 ? [] : ['']),
    `${plural(changes, 'change')} in the log.`,
  ].join('\n')
}
