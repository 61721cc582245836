import { lineBreakNear } from '../model/line-break.ts'
import { trimEnd } from '../model/trim-end.ts'
import { Failure } from '../model/failure.ts'
import { assignmentsOn, wordEnd } from './shell-line.ts'

/** One assignment in a dotenv text; offsets into it. */
interface Assignment {
  readonly name: string
  readonly value: string
  /** Where its first line starts. */
  readonly start: number
  /** The end of the name: what follows, up to `valueEnd`, is the sign and the value. */
  readonly nameEnd: number
  readonly valueEnd: number
  /** The end of its last line, with the line break. */
  readonly end: number
  readonly quote: string
}

/** Means the same in every dotenv reader and in a shell, quoted or not. */
const plain = /^[\w./:@%+,=-]+$/

const head = /^(?:\u00EF\u00BB\u00BF)?[ \t]*(?:export[ \t]+)?([\w.-]+)(?:[ \t]*=|:[ \t])[ \t]*/

/**
 * The assignments to `name` in a dotenv text, in order. Values in quotes may span lines, as in the packages `dotenv` of npm and PyPI and
 * in a shell. Throws a Failure where a quote is never closed, or more than an assignment to `name` stands on a line of it: readers
 * disagree on what such a text says. `label` names the text.
 */
function assignmentsTo(name: string, text: string, label: string): Assignment[] {
  const found: Assignment[] = []
  let start = 0
  for (let line = 1; start < text.length;) {
    const assignment = assignmentAt(text, start, () => unclosed(label, line))
    const end = assignment?.end ?? lineEnd(text, start)
    if (assignment?.name === name) found.push(assignment)
    if (hasMoreThan(name, text.slice(start, end), start, assignment)) throw notAlone(name, label, line)
    for (const character of text.slice(start, end)) if (character === '\n') line += 1
    start = end
  }
  return found
}

function assignmentAt(text: string, start: number, unclosedQuote: () => Failure): Assignment | null {
  const rest = text.slice(start, lineEnd(text, start)).replace(/\r?\n$/, '')
  const match = head.exec(rest)
  if (match === null) return null
  const [matched, name = ''] = match
  const nameEnd = start + matched.lastIndexOf(name) + name.length
  const from = start + matched.length
  const quote = /^["'`]/.exec(text.slice(from, from + 1))?.[0] ?? ''
  if (quote !== '') {
    const close = closingQuote(text, from, quote)
    if (close !== null) {
      const value = unescaped(text.slice(from + 1, close), quote)
      return { name, value, start, nameEnd, valueEnd: close + 1, end: lineEnd(text, close), quote }
    }
    // With another quote on its line it is a shell's way to glue texts, as in 'a'b, and ends with the line.
    if (!rest.slice(from - start + 1).includes(quote)) throw unclosedQuote()
  }
  return { ...bareValue(rest, matched), name, start, nameEnd, end: lineEnd(text, from), quote: '' }

  /** A comment starts after a blank: `a#b` is a value to a shell. */
  function bareValue(line: string, before: string): { value: string; valueEnd: number } {
    const sign = trimEnd(before, ' \t').length
    const value = trimEnd(line.slice(sign).replace(/[ \t]#.*$/s, ''), ' \t\r')
    return { value: value.replace(/^[ \t]+/, ''), valueEnd: start + sign + value.length }
  }
}

/** Where the value that opens with the quote at `from` closes, on this line or a later one; nothing but a comment may follow. */
function closingQuote(text: string, from: number, quote: string): number | null {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1
    else if (text[at] === quote) {
      const after = text.slice(at + 1, lineEnd(text, at))
      return /^[ \t\r]*(?:#[^\n]*)?\n?$/.test(after) ? at : null
    }
  }
  return null
}

/** What stands in templates: `NAME=<your key>`. */
const placeholder = /^<[^<>]*>$/

/**
 * Does a shell find more on the lines from `start` than one assignment to `name`, such as another assignment or a command? `own`: what
 * readers of dotenv files find there.
 */
function hasMoreThan(name: string, lines: string, start: number, own: Assignment | null): boolean {
  if (!lines.includes(name)) return false
  if (own?.name !== name) {
    // Within the quotes of another variable it is text.
    const rest = own === null || own.quote === '' ? lines : lines.slice(own.valueEnd - start)
    return assignmentsOn(rest, name).length > 0
  }
  if (own.quote !== '' || placeholder.test(own.value)) return false
  const value = lines.slice(own.nameEnd - start, own.valueEnd - start)
  const sign = /^[ \t]*=[ \t]*/.exec(value)?.[0]
  // With a colon it is nothing to a shell.
  return sign !== undefined && wordEnd(value, sign.length) !== value.length
}

function unescaped(value: string, quote: string): string {
  return quote === '"' ? value.replace(/\\(["\\$`])/g, '$1') : value
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at + 1
}

function unclosed(label: string, line: number): Failure {
  return new Failure('failed', `${label}, line ${line}: a quote is opened and not closed.`, {
    hints: ['Close the quote: programs disagree on what such a file says, so it cannot be edited safely.'],
  })
}

function notAlone(name: string, label: string, line: number): Failure {
  return new Failure('failed', `${label}, line ${line}: more than the value of ${name} stands there.`, {
    hints: [
      `Give ${name} a line of its own, and a value with blanks quotes: programs disagree on what such a line says, so it cannot be edited safely.`,
    ],
  })
}

/** The value of `name`: its last assignment counts, as for every reader. Null where there is none, or an empty one. */
export function readVariable(text: string, name: string, label: string): string | null {
  const value = assignmentsTo(name, text, label).at(-1)?.value ?? ''
  return value === '' ? null : value
}

/**
 * The text with `name` set to `value`; every byte that is not a part of an assignment to `name` stays. Where the name is
 * assigned more than once, each is set, so that no reader finds an old value, first or last. Quotes, indentation, `export`
 * and comments are kept; blanks around the sign go, for shells cannot read them. A new variable becomes the last line.
 */
export function setVariable(text: string, name: string, value: string, label: string): string {
  const own = assignmentsTo(name, text, label)
  if (own.length === 0) {
    const lineBreak = lineBreakNear(text, text.length)
    const gap = text === '' || text.endsWith('\n') ? '' : lineBreak
    return `${text}${gap}${name}=${quoted(value, '')}${lineBreak}`
  }
  return own.reduceRight(
    (result, one) =>
      `${result.slice(0, one.nameEnd)}=${quoted(value, one.quote)}${result.slice(one.valueEnd)}`,
    text,
  )
}

/** The text without the lines that assign `name`. */
export function removeVariable(text: string, name: string, label: string): string {
  return assignmentsTo(name, text, label).reduceRight(
    (result, one) => result.slice(0, one.start) + result.slice(one.end),
    text,
  )
}

/** Can the value be written so that every reader understands the same? */
export function fitsDotenv(value: string): boolean {
  return value !== '' && !/[\p{Cc}'\\]/u.test(value)
}

/**
 * Readers agree on single quotes as long as neither a quote nor a backslash stands inside. Backticks, which quote for the package
 * `dotenv`, make a shell run the value.
 */
function quoted(value: string, quote: string): string {
  const kept = quote === '`' ? '' : quote
  return plain.test(value) ? `${kept}${value}${kept}` : `'${value}'`
}
