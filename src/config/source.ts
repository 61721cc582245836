import { shellWord } from '../model/shell-word.ts'
import { trimEnd } from '../model/trim-end.ts'
import type { Diagnostic, DiagnosticCode, RelatedPlace } from '../model/diagnostic.ts'
import type { Position } from '../model/position.ts'

/** A stretch of a text: UTF-16 offsets, the end not included. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One file's text and its name on screens. */
export interface Source {
  readonly file: string
  /** Absolute; paths inside the file count from here. */
  readonly folder: string
  readonly text: string
  /** The offset at which each line starts. */
  readonly lineStarts: readonly number[]
  /** False for a file outside the repository: whoever reads the log need not be allowed to read that, so nothing of it is shown. */
  readonly quotable: boolean
}

/** What is wrong at a place of one text. */
export interface Problem {
  readonly code: DiagnosticCode
  readonly message: string
  readonly hint: string | null
  readonly span: Span
  readonly related: readonly Span[]
}

export function sourceOf(file: string, folder: string, text: string, quotable = true): Source {
  return { file, folder, text, lineStarts: lineStartsOf(text), quotable }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0]
  if (text.includes('\r')) {
    for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length)
    return starts
  }
  for (let at = text.indexOf('\n') + 1; at > 0; at = text.indexOf('\n', at) + 1) starts.push(at)
  return starts
}

/**
 * A secret that somebody pasted into a configuration is not repeated. The stars take its room, so that columns stay
 * right.
 */
function maskSecrets(text: string): string {
  return text.replace(
    /(\b(?:flux_(?:dev|stg|prod|ci|user)_|AGE-SECRET-KEY-)|BQYDK2VwBCIEI)([A-Za-z0-9_+/=-]+)/gi,
    (_, start: string, rest: string) => start + '*'.repeat(rest.length),
  )
}

const longestLine = 10_000

/** The index of the line that a span starts in. */
function lineOf({ lineStarts }: Source, { start }: Span): number {
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((lineStarts[middle] ?? 0) <= start) low = middle
    else high = middle - 1
  }
  return low
}

/** Where a span starts, for what is right: its line is not shown. */
export function positionOf(source: Source, span: Span): Position {
  const line = lineOf(source, span)
  return { file: source.file, line: line + 1, column: span.start - (source.lineStarts[line] ?? 0) + 1 }
}

/** Where a span starts; its source line has no line break, and is empty where the file may not be quoted, or the line is too long. */
export function placeOf(source: Source, span: Span): RelatedPlace {
  const low = lineOf(source, span)
  const start = source.lineStarts[low] ?? 0
  // A line of megabytes, repeated for every error in it, would take all memory; nobody wrote it by hand.
  const next = source.lineStarts[low + 1] ?? source.text.length
  const shown = source.quotable && next - start <= longestLine
  const sourceLine = shown ? trimEnd(source.text.slice(start, next), '\r\n') : ''
  return {
    file: source.file,
    line: low + 1,
    column: span.start - start + 1,
    sourceLine: maskSecrets(sourceLine),
  }
}

/** Messages and hints are made of what stands in the file, so they are left out with it. */
function unquoted(code: DiagnosticCode, file: string): Pick<Problem, 'message' | 'hint'> {
  return {
    message: `An error of the kind ${code}; the file is outside the repository, so nothing of it is shown`,
    hint: `Run fluxloop-keys validate -c ${shellWord(file)} by hand to see more.`,
  }
}

/** A diagnostic at a place; `related` are further places, in this file or another. */
export function diagnosticAt(
  source: Source,
  problem: Omit<Problem, 'related'>,
  related: readonly RelatedPlace[] = [],
): Diagnostic {
  const place = placeOf(source, problem.span)
  const rest = (place.sourceLine?.length ?? 0) - place.column + 1
  const { code, message, hint, span } = problem
  if (!source.quotable) return { ...place, length: 1, code, ...unquoted(code, source.file), related }
  return {
    ...place,
    length: Math.max(1, Math.min(span.end - span.start, rest)),
    code,
    message: maskSecrets(message),
    hint: hint === null ? null : maskSecrets(hint),
    related,
  }
}

/** A diagnostic about a whole file. */
export function fileDiagnostic(
  file: string,
  code: DiagnosticCode,
  message: string,
  hint: string | null,
): Diagnostic {
  return { file, line: 1, column: 1, length: 1, code, message, hint, sourceLine: null, related: [] }
}
