import { Declined, type Failure } from '../../model/failure.ts'
import { holdsSecret } from '../../model/secret.ts'
import type { Palette } from './palette.ts'
import { escapeControls, redactSecrets } from './escape.ts'
import { minimumWidth, wrap } from './layout.ts'

interface FailureOptions {
  readonly palette: Palette
  readonly width: number
}

/**
 * A failure in the form of the platform's own page on API keys: the first line of the message as a heading, its other
 * lines below, then the hints as a list. A hint that ends in a colon is the heading of those after it (`Possible
 * causes:`). A no to a question is not an error, and reads as a sentence. Ends without a line break.
 */
export function renderFailure(failure: Failure, options: FailureOptions): string {
  if (failure instanceof Declined) {
    const width = Math.max(minimumWidth, options.width)
    return safeLines(failure.message)
      .flatMap(line => wrap(`${line}.`, width))
      .join('\n')
  }
  return [...headline(failure.message, options), ...hintLines(failure.hints, options)].join('\n')
}

/**
 * An error that nobody expected: its message only. A stack says nothing to a user, and whatever else a library hangs on
 * its errors (requests, headers) may hold a secret.
 */
export function renderUnexpected(error: unknown, options: FailureOptions): string {
  const said =
    error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is not an error was thrown'
  // Libraries quote what they failed on.
  const text = holdsSecret(said) ? 'The message is withheld because it contains a secret.' : said
  return [
    ...headline(`Internal error: ${text}`, options),
    ...hintLines(['Please report it with this message.'], options),
  ].join('\n')
}

function headline(message: string, { palette, width }: FailureOptions): string[] {
  const [first = '', ...rest] = safeLines(message)
  const columns = Math.max(minimumWidth, width)
  return [
    ...wrap(palette.bold(`❌ ${palette.red('Error:')} ${first}`), columns, '', '   '),
    ...(rest.length === 0 ? [] : ['']),
    ...rest.flatMap(line => wrap(line, columns)),
  ]
}

/** Hints as a list with headings, after an empty line; nothing where there are none. */
function hintLines(hints: readonly string[], { palette, width }: FailureOptions): string[] {
  const lines = hints.flatMap(safeLines).filter(line => line !== '')
  if (lines.length === 0) return []
  const columns = Math.max(minimumWidth, width)
  const headed = lines[0]?.endsWith(':') === true ? lines : ['Solution:', ...lines]
  return headed.flatMap(line =>
    line.endsWith(':') ? ['', ...wrap(palette.bold(line), columns)] : wrap(line, columns, '  • ', '    '),
  )
}

/** Line breaks are layout, everything else that could act on a terminal is made visible. */
export function safeLines(text: string): string[] {
  return redactSecrets(text)
    .split('\n')
    .map(line => escapeControls(line.trimEnd()))
}
