import { type Instant, minute } from '../../../src/model/duration.ts'
import {
  type FleetCredentialStatus,
  type FleetStackStatus,
  type FleetState,
  type FleetStatus,
  fleetStates,
  requestLanes,
} from '../../../src/model/fleet-status.ts'
import type { Palette } from '../../../src/render/text/palette.ts'
import { escapeControls } from '../../../src/render/text/escape.ts'
import {
  displayWidth,
  minimumWidth,
  pad,
  pieces,
  unbreakable,
  wrap,
} from '../../../src/render/text/layout.ts'
import { dateTime, durationInWords, relativeTime } from '../../../src/render/text/time.ts'
import { nameText, plural } from '../../../src/render/text/values.ts'
import { masked } from '../log/masked.ts'

interface Style {
  readonly palette: Palette
  readonly width: number
}

const headings = ['STACK', 'STATE', 'LAST RUN', 'NEXT RUN', 'NEXT EVENT'] as const
const gap = '  '
/** Narrower than this, each stack has lines of its own instead of a row. */
const roomy = 70
/** A name gets at least this many columns; what is longer goes on in the next line. */
const leastName = 14
const words: Readonly<Record<FleetState, string>> = {
  failing: 'failing',
  drifted: 'drifted',
  new: 'new',
  'in-sync': 'in sync',
}

const safe = (text: string) => escapeControls(masked(text))

function paintState(state: FleetState, text: string, { red, yellow, green }: Palette): string {
  const paint = { failing: red, drifted: yellow, new: (plain: string) => plain, 'in-sync': green } as const
  return paint[state](text)
}

function nextRunText({ nextRun, holder }: FleetStackStatus, now: Instant): string {
  if (holder !== null) return 'runs now'
  return timeToCome(nextRun, now)
}

/** When something happens that has not happened yet. */
function timeToCome(at: Instant, now: Instant): string {
  if (at <= now) return 'due now'
  return at < now + minute ? 'within a minute' : relativeTime(at, now)
}

function cells(stack: FleetStackStatus, now: Instant): readonly string[] {
  const { name, state, lastRun, nextEvent } = stack
  return [
    nameText(masked(name)),
    words[state],
    lastRun === null ? '-' : relativeTime(lastRun, now),
    nextRunText(stack, now),
    nextEvent === null ? '-' : `${safe(nextEvent.event)} ${timeToCome(nextEvent.at, now)}`,
  ]
}

/** What else there is to know: since when, what is wrong, who writes it. Nothing of a stack that is in sync. */
function details(stack: FleetStackStatus, now: Instant, { width, palette }: Style): readonly string[] {
  const { state, since, failures, problem, holder } = stack
  const failed = failures > 1 ? `, ${failures} runs in a row failed` : ''
  const why = problem === null ? '' : `: ${safe(problem)}`
  const trouble =
    state === 'failing' || state === 'drifted'
      ? [`${words[state]} since ${dateTime(since)}${failed}${why}`]
      : problem === null
        ? []
        : [safe(problem)]
  const written =
    holder === null
      ? []
      : [
          `written by ${safe(holder.command)} on ${safe(holder.host)} for ${durationInWords(Math.max(0, now - holder.since))}`,
        ]
  const dimmed = [...trouble, ...written].flatMap(text =>
    wrap(brokenUp(text, width - 4), width, '  ', '    '),
  )
  return dimmed.map(line => palette.dim(line))
}

/** Words that are longer than a line are cut into pieces. */
function brokenUp(text: string, width: number): string {
  return text
    .split(' ')
    .flatMap(word => pieces(word, width))
    .join(' ')
}

function block(stack: FleetStackStatus, now: Instant, style: Style): readonly string[] {
  const { palette, width } = style
  const [name = '', state = '', lastRun = '', nextRun = '', nextEvent = ''] = cells(stack, now)
  const facts = [
    `last run ${lastRun === '-' ? 'never' : lastRun}`,
    nextRun === 'runs now' || nextRun === 'due now' ? nextRun : `next run ${nextRun}`,
    ...(nextEvent === '-' ? [] : [`next event: ${nextEvent}`]),
  ].join(', ')
  return [
    ...wrap(brokenUp(`${name}: ${state}`, width), width).map((line, index) =>
      index === 0 && line.endsWith(`: ${state}`)
        ? `${palette.bold(line.slice(0, -state.length))}${paintState(stack.state, state, palette)}`
        : line,
    ),
    ...wrap(brokenUp(facts, width - 4), width, '  ', '    '),
    ...details(stack, now, style),
  ]
}

function rows(stacks: readonly FleetStackStatus[], now: Instant, style: Style): readonly string[] {
  const { palette, width } = style
  const table = stacks.map(stack => cells(stack, now))
  const natural = (column: number) =>
    Math.max(...[headings, ...table].map(row => displayWidth(row[column] ?? '')))
  const [state, lastRun, nextRun] = [natural(1), natural(2), natural(3)]
  const fixed = state + lastRun + nextRun + 4 * gap.length
  const name = Math.min(natural(0), Math.max(leastName, width - fixed - natural(4)))
  const widths = [name, state, lastRun, nextRun]
  const before = fixed + name
  const line = (
    row: readonly string[],
    paint: (text: string, column: number) => string,
  ): readonly string[] => {
    const [first = '', ...others] = pieces(row[0] ?? '', name)
    const events = wrap(brokenUp(row[4] ?? '', width - before), width - before)
    const cellsOfLine = [first, ...row.slice(1, 4)].map((text, column) =>
      paint(pad(text.replaceAll('\0', ' '), widths[column] ?? 0), column),
    )
    const more = Math.max(others.length, events.length - 1)
    return [
      `${cellsOfLine.join(gap)}${gap}${events[0] ?? ''}`.trimEnd(),
      ...Array.from({ length: more }, (_, index) =>
        `${pad(others[index]?.replaceAll('\0', ' ') ?? '', before)}${events[index + 1] ?? ''}`.trimEnd(),
      ),
    ]
  }
  return [
    ...line(headings, text => palette.bold(text)),
    ...stacks.flatMap((stack, index) => [
      ...line(table[index] ?? [], (text, column) =>
        column === 1 ? paintState(stack.state, text, palette) : text,
      ),
      ...details(stack, now, style),
    ]),
  ]
}

function credentialText({ credential, account, remaining, capacity, used }: FleetCredentialStatus): string {
  const whose = account === null ? `Credential ${credential}` : `Account ${nameText(masked(account))}`
  const lanes = requestLanes.filter(lane => used[lane] > 0).map(lane => unbreakable(`${lane} ${used[lane]}`))
  const spent = lanes.length === 0 ? 'nothing' : lanes.join(', ')
  return `${whose}: ${remaining} of ${plural(capacity, 'request')} left. Used in the last hour: ${spent}.`
}

function totalsText({ totals, stacks }: FleetStatus, palette: Palette): string {
  const counts = fleetStates
    .filter(state => totals[state] > 0)
    .map(state => paintState(state, `${totals[state]} ${words[state]}`, palette))
  return `${plural(stacks.length, 'stack')}: ${counts.join(', ')}.`
}

/** A fleet for people, the worst first, at most as wide as the terminal. Ends without a line break. */
export function renderStatus(status: FleetStatus, options: Style): string {
  const style = { ...options, width: Math.max(minimumWidth, options.width) }
  const { stacks, credentials, at } = status
  const { width, palette } = style
  const budgets = credentials.flatMap(credential =>
    wrap(brokenUp(credentialText(credential), width - 4), width, '', '    '),
  )
  const end = [...(budgets.length === 0 ? [] : ['', ...budgets]), '', `As of ${dateTime(at)}.`]
  if (stacks.length === 0)
    return [...wrap('The fleet has no stacks yet: no replica has read a fleet file.', width), ...end].join(
      '\n',
    )
  const list =
    width < roomy
      ? stacks.flatMap(stack => ['', ...block(stack, at, style)])
      : ['', ...rows(stacks, at, style)]
  return [...wrap(totalsText(status, palette), width), ...list, ...end].join('\n')
}
